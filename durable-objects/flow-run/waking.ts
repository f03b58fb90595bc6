/** What time alone brings about: alarms that are due, and the silence of a process that gave signs of life. */
import { type Alarms, clearAlarms, due, setAlarm } from "@millrace/domain/alarms.ts";
import { decide } from "@millrace/domain/flow-run/decide.ts";
import type { RunEvidence } from "@millrace/domain/flow-run/diagnosis.ts";
import type { FlowRunPolicy } from "@millrace/domain/flow-run/policy.ts";
import { NO_FACTS, type SlotAnswer } from "@millrace/domain/flow-run/rule.ts";
import type { FlowRun } from "@millrace/domain/flow-run/run.ts";
import { elapsed, silentBy, TIMERS } from "@millrace/domain/flow-run/timers.ts";
import { newState, type StateInput } from "@millrace/domain/state.ts";
import { type Instant, plusSeconds } from "@millrace/domain/time.ts";
import { countStates, type Head } from "./head.ts";
import { AGENT, type Ledger, type Owner, REFREE_SECONDS, RETELL_SECONDS } from "./ledger.ts";
import { REASK_SECONDS } from "./nodes.ts";

/** Seconds after which a run that could not be packed is packed again. */
const REPACK_SECONDS = 3_600;
/** Seconds until the pool is asked again for a clean-up of which it did not hear. */
const RECLEAN_SECONDS = 10;

export class Waking {
  readonly ledger: Ledger;

  constructor(ledger: Ledger) {
    this.ledger = ledger;
  }

  /**
   * Does what is due. `unheard`: something is to be told again. `entered`: time brought the run into another state. `cold`: it is to be
   * packed.
   */
  ring(slot: SlotAnswer | null = null): { unheard: boolean; entered: boolean; cold: boolean } {
    const head = this.ledger.head;
    const now = this.ledger.clock.now();
    const rung = head ? due(head.alarms, now) : [];
    if (!head || rung.length === 0) return { unheard: false, entered: false, cold: false };
    const unheard = rung.includes("tell") && (head.version > head.told || countStates(head) > head.toldStates);
    let alarms = clearAlarms(head.alarms, rung);
    // Only being heard ends the telling: a crash before that must find the alarm set.
    if (unheard) alarms = setAlarm(alarms, "tell", plusSeconds(now, RETELL_SECONDS));
    // Should packing fail, or the process end meanwhile, it is tried again.
    const cold = rung.includes("archive");
    if (cold) alarms = setAlarm(alarms, "archive", plusSeconds(now, REPACK_SECONDS));
    let run = head.run;
    for (const timer of TIMERS) {
      const set = head.alarms[timer];
      if (set === undefined || set > now || run !== head.run) continue;
      const outcome = elapsed(timer, run, { set, now, beat: this.ledger.beats.last });
      if (outcome.kind === "again") alarms = setAlarm(alarms, timer, outcome.at);
      if (outcome.kind === "enter") run = this.#entered(run, outcome.to, outcome.policy, { now, slot });
    }
    const entered = run !== head.run;
    const unanswered = head.receipts?.filter(({ answered }) => answered === null) ?? [];
    if (rung.includes("nodes") && unanswered.length > 0) {
      alarms = setAlarm(alarms, "nodes", plusSeconds(now, REASK_SECONDS));
      const parent = head.run.state?.type === "CANCELLING" ? "CANCELLING" : "CANCELLED";
      for (const { id } of unanswered) this.ledger.ask({ kind: "cancel-child", run: id, parent });
    }
    const unfreed = rung.includes("free") ? this.ledger.unfreed(head) : [];
    if (unfreed.length > 0) alarms = setAlarm(alarms, "free", plusSeconds(now, REFREE_SECONDS));
    for (const duty of unfreed) this.ledger.ask(duty);
    if (rung.includes("clean") || (entered && rung.includes("cancelling")))
      alarms = this.#clean(head, run, alarms, now);
    // A process that does not end by itself has to be told by its agent.
    const overruled = entered && head.claim && run.state ? run.state.id : head.overruled;
    const late = rung.includes("nodes");
    this.ledger.transact(() => this.ledger.save({ ...head, alarms, overruled }, run, { seen: entered, late }));
    return { unheard, entered, cold };
  }

  /** What a worker left of a run whose cancellation nobody confirmed is cleaned up by the workers of its pool; an agent does so itself. */
  #clean({ claim }: Head, run: FlowRun, alarms: Alarms, now: Instant): Alarms {
    const { state, workPoolId, infrastructurePid: left } = run;
    if (state?.type !== "CANCELLED" || workPoolId === null || claim || left?.startsWith(AGENT)) return alarms;
    this.ledger.ask({ kind: "clean", state: state.id });
    return setAlarm(alarms, "clean", plusSeconds(now, RECLEAN_SECONDS));
  }

  /** The run after time proposed a state. */
  #entered(
    run: FlowRun,
    proposed: StateInput,
    policy: FlowRunPolicy,
    { now, slot }: { now: Instant; slot: SlotAnswer | null },
  ): FlowRun {
    const { newId } = this.ledger.clock;
    const to = newState(proposed, { id: newId(), now });
    const verdict = decide(policy, { run, to, now, newId, facts: { ...NO_FACTS, slot } });
    return verdict.kind === "accept" || verdict.kind === "reject" ? verdict.run : run;
  }

  /**
   * A sign of life of the run's process. From the second on an alarm listens for the next; before, the sweep
   * does. Must stand in a transaction.
   */
  beat(head: Head, now: Instant): void {
    // Of a run that does nothing no sign of life is expected, and none kept.
    if (silentBy(head.run, { at: now, every: null }) === null) return;
    const beat = this.ledger.beats.hear(now);
    if (beat?.every) this.#listen(head);
  }

  #listen(head: Head): void {
    const silent = this.ledger.beats.last && silentBy(head.run, this.ledger.beats.last);
    if (!silent || head.alarms.heartbeat) return;
    this.ledger.write({ ...head, alarms: setAlarm(head.alarms, "heartbeat", silent) });
  }

  /** Somebody looked at the run: one whose process was heard of once, and not again, is listened for. */
  watch(): void {
    const head = this.ledger.head;
    if (head) this.ledger.transact(() => this.#listen(head));
  }

  /** What is on record of why the run does not run. */
  evidence(owner: Owner): RunEvidence | null {
    const head = this.ledger.headOf(owner);
    if (!head) return null;
    const { run, claim, offers, alarms } = head;
    return {
      run,
      claim,
      offers,
      nextOffer: alarms.offer ?? alarms.due ?? null,
      heartbeat: this.ledger.beats.last,
      limit: null,
    };
  }
}
