/** What clients were told is stored. After a kill the service is held to it. */

export interface AcknowledgedRun {
  id: string;
  /** Types of the states that were acknowledged, in order, and the one that was proposed and not answered. */
  states: string[];
  unanswered: string | null;
  lines: string[];
  artifacts: string[];
  /** Ids of task runs whose end was acknowledged. */
  taskRuns: string[];
}

export class Acknowledged {
  readonly runs: AcknowledgedRun[] = [];
  /** Answers that were promises. */
  count = 0;

  begin(id: string): AcknowledgedRun {
    const run: AcknowledgedRun = { id, states: ["PENDING"], unanswered: null, lines: [], artifacts: [], taskRuns: [] };
    this.runs.push(run);
    this.count += 1;
    return run;
  }
}
