/** How a flow is deployed. */
import type { JsonObject } from "@millrace/domain/json.ts";
import type { Duration } from "../duration.ts";

/** When a deployment runs by itself, said in one of three ways. */
export type ScheduleOptions<Input = unknown> = (
  | { cron: string; dayOr?: boolean }
  /** `anchor`: a moment from which it is counted; the beginning of 2020. */
  | { every: Duration; anchor?: Date | string }
  | { rrule: string }
) &
  ScheduleDetails<Input>;

export interface ScheduleDetails<Input = unknown> {
  /** As `Europe/Paris`; UTC. */
  timezone?: string;
  /** What it is called; a schedule of the same slug is the same one when the flow is deployed again. */
  slug?: string;
  /** Lie over the deployment's. */
  parameters?: Partial<Input>;
  /** False: paused. */
  active?: boolean;
  /** What becomes of times that passed while the service was away; `window`: how long ago the oldest may be. */
  catchUp?: CatchUp | { policy: CatchUp; window: Duration };
}
type CatchUp = "all" | "latest" | "none";

export interface DeployOptions<Input = unknown> {
  /** The deployment's name; with the flow's it is `flow/name`. */
  name: string;
  /** The pool whose agents run it; without one, a deployment that is there stays where it is. */
  workPool?: string;
  queue?: string;
  /** Parameters that a run has where its caller gives none. */
  parameters?: Partial<Input>;
  /** All schedules that it is to have; left out, it keeps those it has. */
  schedules?: readonly ScheduleOptions<Input>[];
  /** How many of its runs may be under way at once; more wait, or are cancelled. Left out, it keeps the bound it has. */
  concurrency?: { limit: number; onCollision?: "enqueue" | "cancel-new" };
  tags?: readonly string[];
  description?: string;
  version?: string;
  /** For the infrastructure: `env` (variables of the process), `on_agent_lost` ("crash" or "reclaim"), `grace_seconds`. */
  jobVariables?: JsonObject;
  /** The file that declares the flow; by default the program that is running. */
  file?: string;
  /** Packages that are not put into the bundle: the machine that runs it must have them. */
  external?: readonly string[];
}

export interface Deployed {
  id: string;
  /** `flow/name`. */
  name: string;
  sha256: string;
  /** Bytes of the bundle. */
  size: number;
  /** The pool whose agents run it; null: nobody does. */
  pool: string | null;
}
