/** What others may ask of a deployment's object. */
import type { Span } from "@millrace/domain/schedule/ahead.ts";
import type { DeploymentSchedule } from "@millrace/domain/schedule/deployment-schedule.ts";
import type { Instant } from "@millrace/domain/time.ts";
import type { Birth, Owner } from "../flow-run/rpc.ts";
import type { Packed } from "../kit/packed.ts";

/** The index shows a run of this version as planned: it has no object yet. */
export const PLANNED_VERSION = 0;

/** A deployment as far as its runs need it: they are made of it without asking anybody. */
export interface Plan {
  deployment: string;
  /** Counts changes of the deployment; an older plan that comes late changes nothing. */
  revision: number;
  /** When this plan was made: the occurrences that it puts on lists say so. */
  at: Instant;
  paused: boolean;
  schedules: readonly DeploymentSchedule[];
  birth: RunTemplate;
}

/** What all runs of a deployment have in common. */
export type RunTemplate = Omit<
  Birth,
  "id" | "offeredName" | "state" | "idempotencyKey" | "createdBy" | "autoScheduled"
>;

export interface DeploymentRpc {
  /** The deployment as it is from now on. Resolves when lists show what it plans. */
  configure(owner: Owner, plan: Packed<Plan>): Promise<void>;
  /** The deployment is deleted: nothing of it becomes due any more. */
  dismantle(owner: Owner): Promise<void>;
  /** Somebody wants a planned run now. False where it is not planned. */
  touch(owner: Owner, run: string): Promise<boolean>;
  /** Makes the runs of all active schedules in a span, unless they were made before. */
  fill(owner: Owner, span: Partial<Span>): Promise<void>;
  /** Does what is due, and says whether this run is still planned: the sweep asks about rows that nobody made a run of. */
  reconcile(owner: Owner, run: string): Promise<boolean>;
}
