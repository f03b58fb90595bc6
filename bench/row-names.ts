/** What `--only` may name. */
export const ROW_NAMES = [
  "life-cycle",
  "read",
  "filter",
  "logs",
  "events",
  "claim",
  "first-line",
  "rows",
  "fsyncs",
  "idle",
];
