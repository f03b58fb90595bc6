/** What `--only` may name. */
export const ROW_NAMES = [
  "life-cycle",
  "read",
  "filter",
  "logs",
  "events",
  "claim",
  "first-line",
  "python",
  "rows",
  "fsyncs",
  "idle",
  "set-state",
  "dispatched",
  "poll",
  "dispatched-task",
  "five-tasks",
  "large-run",
  "due-together",
  "idle-agents",
  "schedules",
];

/** Titles of rows that aims are held against. */
export const PYTHON_LINE = "trigger to the first line of a Python flow";
export const DISPATCHED_TASK = "dispatched run of one task";
export const FIVE_TASKS = "run of 5 tasks through the wire";
export const LARGE_RUN = "run of many tasks";
export const DUE_TOGETHER = "schedules due in one second";
export const IDLE_AGENTS = "agents that are connected and idle";
export const MANY_SCHEDULES = "active schedules of which none is due";
