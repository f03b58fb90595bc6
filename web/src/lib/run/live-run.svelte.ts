/** A run and its tasks, kept true by the run's own live connection: a snapshot first, then what changed. */
import type { WireFlowRun } from "@millrace/contract/flow-runs.ts";
import type { WireTaskRun } from "@millrace/contract/task-runs.ts";
import { api } from "../api.ts";
import { connection } from "../live.svelte.ts";
import { type TaskRow, taskRow } from "../task/task-row.ts";
import { type RunDetail, runDetail } from "./run-detail.ts";
import { type RunState, stateOfWire } from "./run-row.ts";

export class LiveRun {
  run: RunDetail = $state.raw() as RunDetail;
  /** By id, in no order: the timeline has its own. */
  tasks: ReadonlyMap<string, TaskRow> = $state.raw(new Map());
  /** Oldest first; empty until they were asked for. */
  states: readonly RunState[] = $state.raw([]);
  #version = -1;

  constructor(run: RunDetail, tasks: readonly TaskRow[], states: readonly RunState[]) {
    this.show(run, tasks, states);
  }

  /** Takes what a load brought. News that came by the live connection meanwhile are newer and stay. */
  show(run: RunDetail, tasks: readonly TaskRow[], states: readonly RunState[]): void {
    const sameRun = this.run?.id === run.id;
    if (!sameRun) {
      this.#version = -1;
      this.tasks = new Map();
    }
    if (!sameRun || (run.state?.at ?? 0) >= (this.run.state?.at ?? 0)) this.run = run;
    const held = new Map(tasks.map((task) => [task.id, task]));
    for (const [id, task] of this.tasks)
      if ((task.state?.at ?? 0) >= (held.get(id)?.state?.at ?? 0)) held.set(id, task);
    this.tasks = held;
    if (states.length > 0 || !sameRun) this.states = states;
  }

  /** When each attempt began, milliseconds, oldest first. Empty while the history is not known. */
  get attemptStarts(): number[] {
    const running = this.states.filter((state, n) => state.type === "RUNNING" && this.states[n - 1]?.type !== "PAUSED");
    return running.map((state) => state.at);
  }

  follow(): () => void {
    return connection.listen({
      path: `/flow_runs/${this.run.id}/live`,
      // A new connection tells everything anew, with a version that a restarted server may count from elsewhere.
      onReady: () => {
        this.#version = -1;
      },
      onFrame: (frame) => this.#hear(frame as unknown as Frame),
    });
  }

  #hear(frame: Frame): void {
    if (typeof frame.version === "number") {
      if (frame.version < this.#version) return;
      this.#version = frame.version;
    }
    if (frame.type === "snapshot") this.tasks = new Map(frame.task_runs.map((task) => [task.id, taskRow(task)]));
    if (frame.type === "task_runs") {
      const held = new Map(this.tasks);
      for (const task of frame.task_runs) held.set(task.id, taskRow(task));
      this.tasks = held;
    }
    if (frame.type === "snapshot" || frame.type === "flow_run") this.#take(runDetail(frame.flow_run));
  }

  #take(run: RunDetail): void {
    const changed = run.state?.at !== this.run.state?.at;
    this.run = run;
    // The history is on the page, or a second attempt makes it matter: then it follows the state.
    if (changed && (this.states.length > 0 || run.attempts > 1)) void this.#fetchStates();
  }

  async #fetchStates(): Promise<void> {
    try {
      const all = await api("GET /flow_runs/{id}/states", { params: { id: this.run.id } });
      this.states = all.flatMap((state) => stateOfWire(state) ?? []);
    } catch {
      // The history stays as it was; the next change asks again.
    }
  }
}

type Frame = { version?: number } & (
  | { type: "snapshot"; flow_run: WireFlowRun; task_runs: WireTaskRun[] }
  | { type: "flow_run"; flow_run: WireFlowRun }
  | { type: "task_runs"; task_runs: WireTaskRun[] }
);
