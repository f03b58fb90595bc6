import { checksToWire, diagnoses } from "@millrace/contract/diagnoses.ts";
import { diagnose, type Evidence, type PoolEvidence } from "@millrace/domain/flow-run/diagnosis.ts";
import { fromMilliseconds, parseInstant } from "@millrace/domain/time.ts";
import { workPoolAt } from "../../durable-objects/addresses.ts";
import { withDeadline } from "../../durable-objects/kit/deadline.ts";
import type { Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";
import { readDeployment } from "./deployments.ts";
import { runAt } from "./flow-runs.ts";
import { notFound } from "./refusal.ts";
import { type App, serve } from "./serve.ts";
import { findWorkPool } from "./work-pools.ts";

/** Milliseconds after which whoever was asked counts as unknown. */
const DEADLINE = 3_000;

/** Why runs do not run: what their objects, deployments and pools have on record. */
export function serveDiagnoses(app: App): void {
  serve(app, diagnoses.read, async ({ env, tenant, params }) => {
    const known = (await runAt(env, tenant, params.id).evidence(tenant)) ?? notFound("flow run", params.id);
    const { run } = known;
    const [deployment, pool] = await Promise.all([
      run.deploymentId === null ? null : deploymentOf(env, tenant, run.deploymentId),
      run.workPoolName === null ? null : poolOf(env, tenant, run.workPoolName, run.id),
    ]);
    const checks = diagnose({ ...known, now: fromMilliseconds(Date.now()), deployment, pool });
    return {
      flow_run_id: run.id,
      state_type: run.state?.type ?? null,
      state_name: run.state?.name ?? null,
      waits_for: checks.find(({ verdict }) => verdict === "blocked")?.name ?? null,
      checks: checksToWire(checks),
    };
  });
}

async function deploymentOf(env: Env, tenant: Tenant, id: string): Promise<Evidence["deployment"]> {
  return (await readDeployment(env, tenant, id)) ?? "gone";
}

async function poolOf(env: Env, tenant: Tenant, name: string, run: string): Promise<Evidence["pool"]> {
  const pool = await findWorkPool(env, tenant, name);
  if (!pool) return "gone";
  try {
    const object = workPoolAt(env, tenant.workspace, pool.id);
    const asked = Promise.all([object.agents(tenant), object.workers(tenant), object.explain(tenant)]);
    const [agents, workers, { paused, limit, taken, waiting }] = await withDeadline(asked, DEADLINE, "The pool");
    const reason = waiting.find((one) => one.run === run)?.reason;
    const evidence: PoolEvidence = {
      ...{ name: pool.name, paused, limit, taken },
      queue: reason === "queue_paused" || reason === "queue_limit" ? reason : null,
      agents: [
        ...agents.map((agent) => ({
          name: agent.name,
          online: agent.status === "ONLINE",
          seen: parseInstant(agent.last_seen) ?? fromMilliseconds(0),
          free: agent.slots - agent.running,
        })),
        ...workers.map(({ name: called, status, heard }) => ({
          ...{ name: called, online: status === "ONLINE", seen: heard },
          free: null,
        })),
      ],
    };
    return evidence;
  } catch (error) {
    console.error("A work pool could not say how it stands", error);
    return "unknown";
  }
}
