/** A flow run as the index shows it. */
import type { FlowRun } from "@millrace/domain/flow-run/run.ts";
import { storedRun } from "@millrace/domain/flow-run/stored.ts";
import type { FlowRunRow } from "../event-hub/rpc.ts";
import { pack } from "../kit/packed.ts";
import type { Head } from "./head.ts";

/** Characters of a run above which its row does not copy it: lists then read it from its object. */
const LARGEST_BODY = 32_000;

/** The row of a run: its cells in the order of RUN_COLUMNS. */
export function flowRunRow(
  { run, version, surroundings }: Pick<Head, "run" | "version" | "surroundings">,
  taskRunIds: readonly string[],
): FlowRunRow {
  const body = JSON.stringify(storedRun(run));
  const cells = pack([
    run.id,
    version,
    run.flowId,
    run.deploymentId,
    run.deploymentVersionId,
    run.workPoolId,
    run.workPoolName,
    run.workQueueId,
    run.workQueueName,
    run.parentTaskRunId,
    surroundings.parentFlowRunId,
    run.name,
    JSON.stringify(run.tags),
    run.flowVersion,
    run.idempotencyKey,
    createdBy(run),
    run.state?.type ?? null,
    run.state?.name ?? null,
    run.expectedStartTime,
    run.nextScheduledStartTime,
    run.startTime,
    run.endTime,
    run.created,
    run.updated,
    taskRunIds.join(" "),
    body.length > LARGEST_BODY ? "" : body,
  ]);
  return { id: run.id, version, cells };
}

const createdBy = ({ createdBy: by }: FlowRun): string | null => (by === null ? null : JSON.stringify(by));
