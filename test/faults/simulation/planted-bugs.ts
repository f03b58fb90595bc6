/**
 * Bugs to be planted in the service, one at a time: the simulation is only as good as what it finds. Each is a slip that somebody
 * could make in good faith. Some wrap what a class does; the others change a piece of the code, and say so when it is no longer there.
 */
import { isTerminal } from "@millrace/domain/state.ts";
import type { Offer } from "../../../durable-objects/work-pool/rpc.ts";
import type { Service } from "../platform/service.ts";

export interface PlantedBug {
  /** What is wrong with the service that has it. */
  what: string;
  plant?: (service: Service) => void;
  /** A line of the code, and what stands there instead. */
  edit?: readonly [line: string, instead: string];
}

export const PLANTED: Readonly<Record<string, PlantedBug>> = {
  "loss-keeps-the-generation": {
    what: "A claim that was lost still counts: the generation is not raised.",
    plant: ({ Claims }) => {
      wrap(Claims, "lose", (lose, { ledger }) => (...args) => {
        const before = ledger.head?.generation;
        const done = lose(...args);
        if (done === "done" && ledger.head && before !== undefined) ledger.head.generation = before;
        return done;
      });
    },
  },
  "held-runs-are-granted": {
    what: "A run that an agent has is granted to whoever asks, and the pool asks once more for what it has given out.",
    plant: ({ Claims, PoolLedger }) => {
      wrap(Claims, "claim", (claim, { ledger }) => (...args) => {
        const { head } = ledger;
        if (head?.claim && head.run.state)
          Object.assign(head, { claim: null, run: { ...head.run, state: { ...head.run.state, type: "SCHEDULED" } } });
        return claim(...args);
      });
      // Asked for again once: a run that always was would be given out without end.
      const again = new Set<string>();
      wrap(PoolLedger, "put", (put, pool) => (entry) => {
        put(entry);
        if (!entry.claim) return;
        const { backlog } = pool.books;
        if (again.has(entry.run)) backlog.remove(entry.run);
        else backlog.add(entry);
        again.add(entry.run);
      });
    },
  },
  "any-claim-may-report": {
    what: "A report of an older claim is taken for one of the current claim.",
    plant: ({ Ledger }) => {
      wrap(Ledger, "admit", (admit, ledger) => (owner, id, reporter) => {
        const generation = ledger.head?.generation ?? 0;
        return admit(owner, id, reporter && { ...reporter, generation });
      });
    },
  },
  "late-reports-reopen": {
    what: "A report that comes late, or twice, puts a run that has ended into another state.",
    plant: ({ Lifecycle }) => {
      wrap(
        Lifecycle,
        "propose",
        (propose) =>
          (owner, id, state, { force }) =>
            propose(owner, id, state, { force, reporter: null }),
      );
    },
  },
  "told-before-heard": {
    what: "What is told counts as heard before the hub has answered.",
    plant: ({ Ledger }) => {
      wrap(Ledger, "save", (save) => (head, ...change) => {
        const heard = { told: head.version + 1, toldStates: head.states.length + 1 };
        return save(head.version === 0 ? head : { ...head, ...heard }, ...change);
      });
    },
  },
  "offers-are-not-repeated": {
    what: "A run is sent to its pool once: a message that is lost is lost.",
    edit: ["await this.during(this.#perform());", "this.ledger.takeDuties();"],
  },
  "offers-make-claimed-runs-wait": {
    what: "An offer that comes twice makes a run wait again that an agent has.",
    plant: ({ WorkPool, PoolLedger }) => {
      let offered: Offer[] = [];
      wrap(WorkPool, "offer", (offer) => (owner, offers) => {
        offered = [...offers];
        return offer(owner, offers);
      });
      wrap(PoolLedger, "admit", (admit, pool) => (owner) => {
        const admitted = admit(owner);
        for (const offer of offered.splice(0)) pool.put({ ...offer, since: offer.due as never, claim: null });
        return admitted;
      });
    },
  },
  "one-slot-too-many": {
    what: "A session is given one run more than it has slots.",
    plant: ({ PoolLedger }) => {
      wrap(PoolLedger, "freeSlots", (freeSlots) => (session) => freeSlots(session) + 1);
    },
  },
  "leases-do-not-end": {
    what: "Nobody takes runs from an agent that is gone.",
    plant: ({ Assignments }) => {
      wrap(Assignments, "expire", () => async () => {});
    },
  },
  "leases-end-early": {
    what: "The server counts a lease shorter than the agent does.",
    plant: ({ Assignments }) => {
      wrap(
        Assignments,
        "leaseEnd",
        (leaseEnd) => (session) => leaseEnd({ ...session, leaseSeconds: session.leaseSeconds / 3 }),
      );
    },
  },
  "nothing-is-taken-back": {
    what: "An assignment that the agent never got is not taken back.",
    plant: ({ Assignments }) => {
      wrap(Assignments, "takeBack", (takeBack) => async (claim, reason) => {
        if (reason === "declined") await takeBack(claim, reason);
      });
    },
  },
  "a-slot-too-many": {
    what: "A limit gives one slot more than it has.",
    plant: ({ LimitLedger }) => {
      wrap(LimitLedger, "acquire", (acquire) => (owner, limit, ask) => {
        return acquire(owner, { ...limit, limit: limit.limit + 1 }, ask);
      });
    },
  },
  "a-slot-outlives-its-lease": {
    what: "A lease of slots ends a minute late.",
    plant: ({ LimitLedger }) => {
      wrap(LimitLedger, "acquire", (acquire) => (owner, limit, ask) => {
        return acquire(owner, limit, { ...ask, seconds: ask.seconds && ask.seconds + 60 });
      });
    },
  },
  "a-run-that-ends-keeps-its-slot": {
    what: "A slot of a deployment that its run left counts as given back before the limit has answered.",
    edit: ["await releaseSlots(this.#env, owner, duty.lease);", ""],
  },
  "a-full-tag-stops-nobody": {
    what: "A task runs although the limit of its tag has no slot for it.",
    edit: ['if (answer.kind === "granted") return { kind: "granted" };', 'return { kind: "granted" };'],
  },
  "a-lost-agent's-tasks-keep-their-slots": {
    what: "Tasks that ended with their agent have their tag's slots until the run ends, which waits for them.",
    edit: ['(run) || run.state?.type === "SCHEDULED"', "(run) || false"],
  },
  "a-task-is-handed-to-all": {
    what: "A background task that one worker was handed is handed to the next one too.",
    edit: ["if (isOut(place.id)) continue;", ""],
  },
  "what-is-handed-out-is-had": {
    what: "A background task counts as somebody's once it was sent, whether or not it was received.",
    edit: ["out.add(next.place.id);", "out.add(next.place.id);\nthis.#desk.taken(next.place.id);"],
  },
  "late-workers-take-what-has-ended": {
    what: "A worker that polled before an agent had the run takes it when that has lost it, and it is executed again.",
    plant: ({ Lifecycle }) => {
      wrap(Lifecycle, "propose", (propose, { ledger }) => (owner, id, state, how) => {
        const has = ledger.head?.run.state;
        const late = state.type === "PENDING" && has && isTerminal(has.type);
        return propose(owner, id, state, late ? { ...how, force: true } : how);
      });
    },
  },
  "what-a-worker-took-is-not-asked-after": {
    what: "A run that a worker was about to take, and did not, keeps its place in the pool for ever.",
    plant: ({ Takings }) => {
      wrap(Takings, "check", () => async () => null);
    },
  },
  "the-index-goes-back": {
    what: "A row of the index is replaced by an older one that comes late.",
    edit: ["WHERE excluded.version >= flow_runs.version", "WHERE true"],
  },
};

/** Bugs that only schedules show. */
export const PLANTED_IN_SCHEDULES: Readonly<Record<string, PlantedBug>> = {
  "an-edit-drops-what-was-due": {
    what: "What was due before an edit, and not made yet, is made by nobody.",
    edit: ["new Set(settles ?", "new Set(false ?"],
  },
};

/** Bugs that show only where objects forget between two requests. */
export const PLANTED_IN_EVICTIONS: Readonly<Record<string, PlantedBug>> = {
  "a-count-in-memory-alone": {
    what: "How often a run was begun is not written with it.",
    edit: ["({ ...run, state: null })", "({ ...run, state: null, runCount: 0 })"],
  },
};

/** The bug of a name. */
export function plantedBug(name: string): PlantedBug {
  const bugs = { ...PLANTED, ...PLANTED_IN_SCHEDULES, ...PLANTED_IN_EVICTIONS };
  const bug = bugs[name];
  if (!bug) throw new Error(`There is no bug «${name}»; there are ${Object.keys(bugs).join(", ")}.`);
  return bug;
}

type Method = (...args: never[]) => unknown;

/** Puts another method around one of a class. */
function wrap<T extends object, Name extends keyof T>(
  { prototype }: { prototype: T },
  name: Name,
  around: (original: T[Name], self: T) => T[Name],
): void {
  const original = prototype[name] as unknown as Method;
  Object.defineProperty(prototype, name, {
    value(this: T, ...args: never[]): unknown {
      const method = around(original.bind(this) as unknown as T[Name], this) as unknown as Method;
      return method(...args);
    },
  });
}
