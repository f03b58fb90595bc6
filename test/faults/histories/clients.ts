/** Clients that propose states to one run and read it, all at once, and the history of what they asked and were told. */
import type { Client } from "@millrace/contract/client.ts";
import type { StateType } from "@millrace/domain/state.ts";
import { Random } from "../platform/random.ts";
import type { Operation } from "./checker.ts";
import type { Does, Shown } from "./one-run.ts";

/** Everything but SCHEDULED: a run that is due and waits becomes Late by itself. */
const PROPOSED: readonly StateType[] = [
  ...(["PENDING", "RUNNING", "RUNNING", "COMPLETED", "FAILED", "CANCELLED", "CRASHED", "PAUSED"] as const),
  "CANCELLING",
];
const FORCED = 0.15;
const READS = 0.4;
const LISTS = 0.15;

export interface History {
  initial: Shown;
  operations: Operation<Does>[];
}

/** Makes a run, and has `clients` do `count` operations on it. Each begins its next one as soon as it has its answer. */
export async function historyOf(
  client: Client,
  flow: string,
  { seed, clients, count }: { seed: number; clients: number; count: number },
): Promise<History> {
  const created = await client("POST /flow_runs/", { body: { flow_id: flow, state: { type: "PENDING" } } });
  const { id } = created;
  const initial = shownOf(created.state) as Shown;
  const operations: Operation<Does>[] = [];
  let moment = 0;
  let left = count;
  const work = async (number: number) => {
    const dice = new Random(seed, `client ${number}`);
    while (left > 0) {
      left -= 1;
      const called = moment++;
      const does = await doSomething(client, id, dice);
      operations.push({ client: number, called, answered: moment++, does });
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, number) => work(number)));
  return { initial, operations };
}

async function doSomething(client: Client, id: string, dice: Random): Promise<Does> {
  const wheel = dice.next();
  if (wheel < LISTS) {
    const [run] = await client("POST /flow_runs/filter", { body: { flow_runs: { id: { any_: [id] } } } });
    return { kind: "read", shown: shownOf(run?.state) as Shown };
  }
  if (wheel < LISTS + READS) {
    const run = await client("GET /flow_runs/{id}", { params: { id } });
    return { kind: "read", shown: shownOf(run.state) as Shown };
  }
  const [to, force] = [dice.pick(PROPOSED), dice.chance(FORCED)];
  const { status, state } = await client("POST /flow_runs/{id}/set_state", {
    params: { id },
    body: { state: { type: to }, force },
  });
  return { kind: "propose", to, force, status, shown: shownOf(state) };
}

function shownOf(state: { id: string; type: StateType; name: string } | null | undefined): Shown | null {
  return state ? { id: state.id, type: state.type, name: state.name } : null;
}
