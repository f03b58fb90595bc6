/**
 * Reads a frame of the server. Checked by hand, in the spirit of the contract's schema and against it by a test: the schema
 * would bring a validator of eleven megabytes into every agent.
 */
import type { AgentServerFrame } from "@millrace/contract/channels/agent.ts";

type Fields = { readonly [key: string]: unknown };

/** The frame; null where it is none, or one of a later version. */
export function readServerFrame(text: string): AgentServerFrame | null {
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch {
    return null;
  }
  return isRecord(frame) && isFrame(frame) ? (frame as unknown as AgentServerFrame) : null;
}

function isFrame(frame: Fields): boolean {
  switch (frame.type) {
    case "auth_success":
      return true;
    case "error":
      return typeof frame.reason === "string";
    case "cancel":
    case "lost":
      return isClaim(frame);
    case "welcome":
      return isWelcome(frame);
    case "assign":
      return isClaim(frame) && isAssignment(frame);
    default:
      return false;
  }
}

const isRecord = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === "string";
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const isId = (value: unknown): boolean => isText(value) && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value);
const isClaim = (value: unknown): boolean => isRecord(value) && isId(value.run_id) && isCount(value.generation);

function isWelcome({ session, lease_seconds, lost }: Fields): boolean {
  return (
    isRecord(session) &&
    isId(session.id) &&
    isCount(session.generation) &&
    typeof lease_seconds === "number" &&
    lease_seconds > 0 &&
    Array.isArray(lost) &&
    lost.every(isClaim)
  );
}

function isAssignment({ token, flow_run: run, flow_name, deployment }: Fields): boolean {
  return (
    isText(token) &&
    isText(flow_name) &&
    isRecord(run) &&
    isId(run.id) &&
    isText(run.name) &&
    isId(run.flow_id) &&
    isRecord(run.parameters) &&
    Number.isSafeInteger(run.run_count) &&
    Array.isArray(run.tags) &&
    run.tags.every(isText) &&
    (run.job_variables === null || isRecord(run.job_variables)) &&
    (deployment === null || isDeployment(deployment))
  );
}

function isDeployment(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { id, name, entrypoint, path, pull_steps: steps, job_variables: variables } = value;
  return (
    isId(id) &&
    isText(name) &&
    (entrypoint === null || isText(entrypoint)) &&
    (path === null || isText(path)) &&
    (steps === null || (Array.isArray(steps) && steps.every(isRecord))) &&
    isRecord(variables)
  );
}
