/** The estimates of domain/flow-run/estimates.ts as SQL, over rows of `flow_runs r`, at a moment in microseconds. */

/** What lies in the run that a row copies; a row whose run is too large to be copied has nothing. */
const inBody = (path: string): string => `json_extract(CASE r.body WHEN '' THEN '{}' ELSE r.body END, '${path}')`;

/** Seconds in RUNNING, with those since the current RUNNING state began. */
export const runTime = (now: number): string =>
  `(coalesce(${inBody("$.totalRunTime")}, 0) + CASE r.state_type WHEN 'RUNNING' THEN coalesce(${now} - ${inBody("$.state.timestamp")}, 0) / 1e6 ELSE 0 END)`;

/** Seconds by which the run began later than expected, or is late by now if it has not begun and still may. */
export const lateness = (now: number): string =>
  `coalesce(max(0, CASE WHEN r.start_time IS NOT NULL THEN r.start_time - r.expected_start_time
    WHEN r.state_type IN ('COMPLETED', 'FAILED', 'CANCELLED', 'CRASHED') THEN 0
    ELSE ${now} - r.expected_start_time END) / 1e6, 0)`;
