/** What `import … from "millrace"` gives. */
export { type Artifact, artifact, type ProgressArtifact } from "./artifact.ts";
export { type Context, ctx, type TaskInfo } from "./context.ts";
export type { Deployed, DeployOptions, ScheduleDetails, ScheduleOptions } from "./deploy/options.ts";
export { cron, every, rrule } from "./deploy/schedules.ts";
export type { Duration } from "./duration.ts";
export {
  CancelledError,
  InputError,
  type InputIssue,
  LeaseLostError,
  NonRetriable,
  RunRefusedError,
  SettingsError,
  TimeoutError,
  UpstreamError,
} from "./errors.ts";
export { type Flow, type FlowOptions, flow } from "./flow.ts";
export { Future, type Waiting } from "./future.ts";
export type { LogFields, Logger } from "./logger.ts";
export type { RetryDelay } from "./retry.ts";
export type { RunInfo } from "./run-info.ts";
export type { InputOf, OutputOf, StandardSchema } from "./standard-schema.ts";
export { type CallOptions, type Task, type TaskOptions, task, type Unmapped, unmapped } from "./task.ts";
export { VERSION } from "./version.ts";
