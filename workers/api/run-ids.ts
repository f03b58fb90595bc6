/** Ids of flow runs, as handlers make and check them. */
export { derivedRunId, isRunId, makeRunId } from "../../durable-objects/kit/run-ids.ts";
