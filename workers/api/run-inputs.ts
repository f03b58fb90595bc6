import { runInputs, type WireRunInput } from "@millrace/contract/run-inputs.ts";
import { formatInstant } from "@millrace/domain/time.ts";
import { isProblem, type RunInput } from "../../durable-objects/flow-run/rpc.ts";
import { reporterOf } from "../auth/credential.ts";
import { withWorkspaceVariables } from "./fitting.ts";
import { orchestration, refuseProblem, runAt } from "./flow-runs.ts";
import { notFound, Refusal } from "./refusal.ts";
import { type App, serve } from "./serve.ts";

/** What runs are handed while they live. It lies in the run's own object. */
export function serveRunInputs(app: App): void {
  serve(app, runInputs.resume, async ({ env, tenant, params, body, credential }) => {
    const answer = body.run_input && (await withWorkspaceVariables(env, tenant, body.run_input));
    return orchestration(await runAt(env, tenant, params.id).resume(tenant, params.id, answer, reporterOf(credential)));
  });

  serve(app, runInputs.create, async ({ env, tenant, params, body, credential }) => {
    refuseProblem(await runAt(env, tenant, params.id).addInput(tenant, params.id, body, reporterOf(credential)));
  });

  serve(app, runInputs.filter, async ({ env, tenant, params, body }) => {
    const { prefix, limit, exclude_keys: excludeKeys } = body;
    const inputs = await runAt(env, tenant, params.id).inputs(tenant, { prefix, limit, excludeKeys });
    return (inputs ?? notFound("flow run", params.id)).map((input) => toWire(input, params.id));
  });

  serve(app, runInputs.read, async ({ env, tenant, params }) => {
    const input = await runAt(env, tenant, params.id).input(tenant, params.key);
    if (!input) notFound("flow run input", params.key);
    return new Response(input.value, { headers: PLAIN_TEXT });
  });

  serve(app, runInputs.remove, async ({ env, tenant, params, credential }) => {
    const removed = await runAt(env, tenant, params.id).removeInput(tenant, params.key, reporterOf(credential));
    if (isProblem(removed)) throw new Refusal(removed);
  });
}

const PLAIN_TEXT = {
  "content-type": "text/plain; charset=utf-8",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
};

const toWire = ({ id, key, value, sender, created }: RunInput, flowRun: string): WireRunInput => {
  const at = formatInstant(created);
  return { id, created: at, updated: at, flow_run_id: flowRun, key, value, sender };
};
