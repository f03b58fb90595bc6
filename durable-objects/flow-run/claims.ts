/**
 * Which agent has the run. The rules of claims are domain/flow-run/claim.ts.
 *
 * FO3  A claim that is not the current one changes nothing.
 */
import { clearAlarms, setAlarm } from "@millrace/domain/alarms.ts";
import {
  type Claim,
  type Claimant,
  type ClaimRefusal,
  claim,
  finish,
  isWorked,
  lost,
  release,
  waitsInProcess,
} from "@millrace/domain/flow-run/claim.ts";
import { decide } from "@millrace/domain/flow-run/decide.ts";
import { afterExit, type Exit } from "@millrace/domain/flow-run/exit.ts";
import { corePolicy, unruled } from "@millrace/domain/flow-run/policy.ts";
import { NO_FACTS, type SlotAnswer } from "@millrace/domain/flow-run/rule.ts";
import type { FlowRun } from "@millrace/domain/flow-run/run.ts";
import type { Problem } from "@millrace/domain/problem.ts";
import { newState } from "@millrace/domain/state.ts";
import { plusSeconds } from "@millrace/domain/time.ts";
import { notFound } from "./admission.ts";
import { CONFIRM_SECONDS } from "./duties.ts";
import { AGENT, type Ledger, type Owner } from "./ledger.ts";

/** A claim that was not granted; `held`: who has the run instead. */
export interface Refused {
  kind: "refused";
  reason: ClaimRefusal;
  held: { session: string; generation: number } | null;
}

export class Claims {
  readonly ledger: Ledger;

  constructor(ledger: Ledger) {
    this.ledger = ledger;
  }

  /** Gives the run to an agent's session. */
  claim(
    owner: Owner,
    id: string,
    claimant: Omit<Claimant, "now">,
    slot: SlotAnswer | null,
  ): { kind: "claimed"; claim: Claim; run: FlowRun } | Refused | Problem {
    const head = this.ledger.headOf(owner);
    if (!head) return notFound(id);
    const now = this.ledger.clock.now();
    const outcome = claim(head, { ...claimant, now });
    if (outcome.kind === "refused") {
      const { claim: held } = head;
      return { ...outcome, held: held && { session: held.session, generation: held.generation } };
    }
    // An agent that has the run is told of by PENDING, so that people see that it left the queue.
    const pending = newState(
      { type: "PENDING", message: `Given to agent ${claimant.agent}.` },
      { id: this.ledger.clock.newId(), now },
    );
    const verdict = decide(corePolicy, {
      run: head.run,
      to: pending,
      now,
      newId: this.ledger.clock.newId,
      facts: { ...NO_FACTS, slot },
    });
    if (verdict.kind === "reject" && verdict.changed) {
      // Its deployment has no slot left: it waits for one, or is cancelled.
      this.ledger.enter(head, verdict.run, verdict.effects);
      return { kind: "refused", reason: "no_slot", held: null };
    }
    if (slot?.kind === "closed") return { kind: "refused", reason: "no_slot", held: null };
    const entered = verdict.kind === "accept" ? verdict.run : head.run;
    // Who has the run is its infrastructure: from now on a cancellation waits until that is gone.
    const run = { ...entered, infrastructurePid: AGENT + claimant.agent };
    const waiting = clearAlarms(head.alarms, ["offer", "due"]);
    const alarms = setAlarm(waiting, "confirm", plusSeconds(now, CONFIRM_SECONDS));
    this.ledger.enter({ ...outcome.head, offers: 0, alarms }, run);
    return { kind: "claimed", claim: outcome.claim, run };
  }

  /** The process of a claim is gone. A run that it did not bring to an end is ended now. */
  finish(owner: Owner, generation: number, how: Exit): "done" | "stale" {
    const head = this.ledger.headOf(owner);
    const next = head && finish(head, generation);
    if (!head || !next) return "stale";
    const run = afterExit(next.run, how, { now: this.ledger.clock.now(), newId: this.ledger.clock.newId });
    this.ledger.leave({ ...next, alarms: clearAlarms(next.alarms, ["cancel"]) }, run);
    return "done";
  }

  /** A claim is given back before anything ran; the run is offered again. One that has begun is not touched. */
  release(owner: Owner, generation: number): "done" | "stale" | "begun" {
    const head = this.ledger.headOf(owner);
    if (!head || head.claim?.generation !== generation) return "stale";
    const type = head.run.state?.type;
    if ((type !== "SCHEDULED" && type !== "PENDING") || waitsInProcess(head.run)) return "begun";
    const next = release(head, generation);
    if (!next) return "stale";
    const now = this.ledger.clock.now();
    const { newId } = this.ledger.clock;
    const to = newState({ type: "SCHEDULED" }, { id: newId(), now });
    const waiting = type === "PENDING" ? decide(unruled, { run: next.run, to, now, newId, facts: NO_FACTS }) : null;
    this.ledger.leave(next, waiting?.kind === "accept" ? waiting.run : next.run);
    return "done";
  }

  /** The agent of a claim is gone for longer than its lease. */
  lose(owner: Owner, generation: number): "done" | "stale" {
    const head = this.ledger.headOf(owner);
    const { newId } = this.ledger.clock;
    const loss = head && lost(head, generation, head.lossPolicy, { now: this.ledger.clock.now(), newId });
    if (!head || !loss) return "stale";
    this.ledger.leave({ ...loss.head, alarms: clearAlarms(loss.head.alarms, ["cancel"]) }, loss.head.run);
    return "done";
  }

  /** The pool is gone. False where the run has nothing to do with it any more. */
  leavePool(owner: Owner, pool: string): boolean {
    const head = this.ledger.headOf(owner);
    if (!head || head.claim || head.run.workPoolId !== pool || isWorked(head.run)) return false;
    const nowhere = { workPoolId: null, workPoolName: null, workQueueId: null, workQueueName: null };
    const run = { ...head.run, ...nowhere, updated: this.ledger.clock.now() };
    this.ledger.transact(() => this.ledger.save({ ...head, offers: 0 }, run));
    return true;
  }
}
