/**
 * What an assignment asks the agent to start: a bundle of our own under Node, a Python deployment under Prefect's engine, or the
 * command that the job variables name.
 */
import type { ServerAssign } from "@millrace/contract/channels/agent.ts";
import { BUNDLE_STEP } from "../sdk/deploy/bundle-step.ts";

export type Program =
  | { kind: "bundle"; sha256: string; flowName: string }
  /** Pull steps and entrypoint are read, and done, by Prefect's own engine. */
  | { kind: "python" }
  | { kind: "command"; text: string };

/** Throws where the assignment says nothing that could be started. */
export function programOf({ deployment, flow_run, flow_name }: ServerAssign): Program {
  for (const step of deployment?.pull_steps ?? []) {
    const bundle = step[BUNDLE_STEP] as { sha256?: unknown } | undefined;
    if (typeof bundle?.sha256 !== "string") continue;
    const entrypoint = deployment?.entrypoint ?? "";
    const colon = entrypoint.indexOf(":");
    return { kind: "bundle", sha256: bundle.sha256, flowName: colon < 0 ? flow_name : entrypoint.slice(colon + 1) };
  }
  const { command } = { ...deployment?.job_variables, ...flow_run.job_variables };
  if (typeof command === "string" && command.trim() !== "") return { kind: "command", text: command };
  if (deployment?.entrypoint) return { kind: "python" };
  throw new Error(
    "its deployment has no entrypoint, and no code that this agent could start: deploy the flow with `millrace deploy` or Prefect's `flow.deploy`",
  );
}

/**
 * A command that ends with the agent (I4): beside it a reader of the lifeline, descriptor 3, ends the whole group when that ends. The
 * command itself does not have the descriptor, so that nothing it starts can hold it; nor has the reader the one for orders.
 */
const GUARDED = '(cat; kill -9 0) <&3 >/dev/null 2>&1 4<&- & exec "$@" 3<&-';

/** The command line of a program that is not a bundle. */
export const guarded = (command: readonly string[]): [string, ...string[]] => [
  "/bin/sh",
  "-c",
  GUARDED,
  "millrace",
  ...command,
];

/**
 * The environment by which Prefect's client reaches this service as its run: Cloud style, so that sockets too show the run's token.
 * The token names account and workspace. `common` is the same for all runs of a workspace.
 */
export function prefectEnvironment(
  { token, run_id, deployment }: Pick<ServerAssign, "token" | "run_id" | "deployment">,
  apiUrl: string,
): Record<"common" | "own", Record<string, string>> {
  const { acc, ws } = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString() || "{}") as {
    acc?: string;
    ws?: string;
  };
  const root = apiUrl.replace(/\/accounts\/.*$/, "");
  return {
    common: {
      PREFECT_CLOUD_API_URL: root,
      PREFECT_API_URL: acc && ws ? `${root}/accounts/${acc}/workspaces/${ws}` : apiUrl,
      // As a worker has it: whoever watches the process runs the hooks, and the process sends signs of life.
      PREFECT_FLOWS_HEARTBEAT_FREQUENCY: "30",
      PYTHONUNBUFFERED: "1",
    },
    own: {
      PREFECT_API_KEY: token,
      PREFECT__FLOW_RUN_ID: run_id,
      ...(deployment && { PREFECT__DEPLOYMENT_NAME: deployment.name }),
    },
  };
}
