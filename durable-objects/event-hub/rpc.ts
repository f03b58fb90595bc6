/** What others may ask of a workspace's EventHub. */
import type { WireEvent } from "@millrace/contract/events.ts";
import type { ResultArtifact } from "@millrace/domain/orchestration/result-artifact.ts";
import type { Instant } from "@millrace/domain/time.ts";
import type { Packed } from "../kit/packed.ts";

/** A row of the index of flow runs (migrations/shard/schema.ts). Made by the run, which knows all of it; stored by the hub. */
export interface FlowRunRow {
  id: string;
  version: number;
  /** The row's cells in the order of `RUN_COLUMNS`, as a JSON list. */
  cells: Packed<readonly (string | number | null)[]>;
}

/** The columns of a run's row, in the order of its cells. */
export const RUN_COLUMNS = [
  "id",
  "version",
  "flow_id",
  "deployment_id",
  "deployment_version_id",
  "work_pool_id",
  "work_pool_name",
  "work_queue_id",
  "work_queue_name",
  "parent_task_run_id",
  "parent_flow_run_id",
  "name",
  "tags",
  "flow_version",
  "idempotency_key",
  "created_by",
  "state_type",
  "state_name",
  "expected_start_time",
  "next_scheduled_start_time",
  "start_time",
  "end_time",
  "created",
  "updated",
  "task_run_ids",
  "body",
] as const;

/** What a flow run's object tells: its row, its task runs' whereabouts, its events. Telling it twice is telling it once. */
export interface Announcement {
  run?: FlowRunRow;
  /** A run that was deleted: whatever is still told of the one that began then is not listed any more. */
  removed?: { id: string; created: Instant };
  /** Task runs that changed, so that one is found by its id before the row says it. */
  located?: { flowRun: string; taskRuns: string[] };
  /** Stored results of states. One that is there already stays as it is. */
  artifacts?: ResultArtifact[];
  events: WireEvent[];
}

export interface EventHubRpc {
  /**
   * Sends the events on to subscribers at once, and resolves when index and events are stored. `urgent`: now; otherwise with the
   * next urgent one, or within a second and a half.
   */
  announce(
    tenant: { workspace: string; shard: number },
    announcements: Packed<Announcement[]>,
    urgent: boolean,
  ): Promise<void>;
  /** Stores what waits, so that a list made after this call shows all that was announced before it. */
  settle(): Promise<void>;
  /** The flow run of a task run that lives or ended lately; null where this object does not remember. */
  locate(taskRun: string): Promise<string | null>;
}
