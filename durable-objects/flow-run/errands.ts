/**
 * What a run has others do: its pool, its agent, its subflows, its parent, the limit of its deployment.
 *
 * FO2  Whatever fails here is asked for again by the ledger's alarm.
 */
import { wishesOf } from "@millrace/domain/dispatch/wishes.ts";
import type { FlowRun } from "@millrace/domain/flow-run/run.ts";
import { stateOfStandIn } from "@millrace/domain/task-run/subflow.ts";
import type { Instant } from "@millrace/domain/time.ts";
import { flowRunAt, workPoolAt } from "../addresses.ts";
import type { ObjectEnv } from "../env.ts";
import { releaseSlots } from "../slots.ts";
import { freeTagSlots } from "../task-facts.ts";
import type { Offer } from "../work-pool/rpc.ts";
import { holdSlot } from "./deployment-slot.ts";
import type { Duty } from "./duties.ts";
import type { Ledger, Owner } from "./ledger.ts";

export class Errands {
  readonly #env: ObjectEnv;
  readonly #ledger: Ledger;

  /** The state that the stand-in in the parent was last told of. */
  #mirrored: string | undefined;

  constructor(env: ObjectEnv, ledger: Ledger) {
    this.#env = env;
    this.#ledger = ledger;
  }

  /** Does what the ledger asked for. A failure is no harm: the ledger's alarm asks again. */
  async perform(owner: Owner, run: FlowRun): Promise<void> {
    for (const duty of this.#ledger.takeDuties()) {
      try {
        await this.#performOne(owner, run, duty);
      } catch (error) {
        console.error(`A flow run could not ${duty.kind}`, error);
      }
    }
  }

  /** A subflow's stand-in in its parent follows it. */
  async tellParent(run: FlowRun, parent: string | null, owner: Owner): Promise<void> {
    if (!parent || !run.parentTaskRunId) return;
    const { now, newId } = this.#ledger.clock;
    const state = stateOfStandIn(run, { now: now(), newId });
    // Another change of the run is none of its stand-in, which would count an attempt more.
    if (!state || run.state?.id === this.#mirrored) return;
    const before = this.#mirrored;
    this.#mirrored = run.state?.id;
    try {
      await flowRunAt(this.#env, owner.workspace, parent).mirror(owner, run.parentTaskRunId, state);
    } catch (error) {
      this.#mirrored = before;
      console.error("A parent run could not be told", error);
    }
  }

  async #performOne(owner: Owner, run: FlowRun, duty: Duty): Promise<void> {
    if (duty.kind === "hold") return void (await holdSlot(this.#env, owner, duty.lease));
    if (duty.kind === "cancel-child") {
      const child = flowRunAt(this.#env, owner.workspace, duty.run);
      return this.#ledger.childAnswered(duty.run, await child.cancelWith(owner, duty.run, duty.parent));
    }
    if (duty.kind === "free") {
      await releaseSlots(this.#env, owner, duty.lease);
      return this.#ledger.freed(duty.lease);
    }
    if (duty.kind === "free-tags") {
      await freeTagSlots(this.#env, owner, duty.taskRun);
      return this.#ledger.tagsFreed(duty.taskRun.id);
    }
    const pool = run.workPoolId;
    if (!pool) return;
    switch (duty.kind) {
      case "offer":
        return void (await this.#env.DISPATCH.send({
          v: 1,
          workspace: owner.workspace,
          shard: owner.shard,
          pool,
          ...offerOf(run, duty.due),
        }));
      case "occupy":
        return workPoolAt(this.#env, owner.workspace, pool).occupy(owner, offerOf(run, duty.due));
      case "withdraw":
        return workPoolAt(this.#env, owner.workspace, pool).withdraw(owner, run.id);
      case "cancel":
        return workPoolAt(this.#env, owner.workspace, pool).cancel(owner, run.id, duty.generation);
      case "clean":
        await workPoolAt(this.#env, owner.workspace, pool).cleanUp(owner, {
          // Asked for twice it is one message.
          id: duty.state,
          kind: "cancelling_timeout_teardown.v1",
          queue: run.workQueueId,
          target: { flow_run_id: run.id, infrastructure_pid: run.infrastructurePid },
        });
        return this.#ledger.cleaned();
      default:
        return duty satisfies never;
    }
  }
}

/** The run as its pool is offered it. */
export function offerOf({ id, workQueueId, jobVariables }: FlowRun, due: Instant): Offer {
  const { priority, key, weight } = wishesOf(jobVariables);
  return { run: id, queue: workQueueId, due, priority, ...(key !== "" && { key, weight }) };
}
