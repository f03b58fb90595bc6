/**
 * Every known difference between what Prefect's server answered in the recordings and what this service answers, with its
 * reason. A difference that is not listed fails the replay, and so does an entry that no longer differs.
 */
export interface Known {
  /** The operation, ids left out: `POST /flow_runs/`. */
  on: string;
  /** JSON pointer into the answer, list positions as `*`; or `status`. */
  at: string;
  reason: string;
}

export const differences: readonly Known[] = [
  {
    on: "POST /v2/concurrency_limits/increment",
    at: "/detail",
    reason: "Prefect says «Locked»; here a sentence says which limit it is, and when to come again.",
  },
  {
    on: "POST /v2/concurrency_limits/increment-with-lease",
    at: "/detail",
    reason: "Prefect says «Locked»; here a sentence says which limit it is, and when to come again.",
  },
];
