/**
 * Occurrences of a plan's schedules as runs: their ids, their rows on lists, their births.
 *
 * DE1  An occurrence's id is derived from deployment, schedule and local time with its offset, as Prefect's idempotency key names them.
 */
import { newFlowRun } from "@millrace/domain/flow-run/create.ts";
import { slugName } from "@millrace/domain/flow-run/names.ts";
import { type DeploymentSchedule, scheduleName } from "@millrace/domain/schedule/deployment-schedule.ts";
import { isTimetable, type Timetable, timetableOf } from "@millrace/domain/schedule/schedule.ts";
import { localText } from "@millrace/domain/schedule/zone.ts";
import type { Instant } from "@millrace/domain/time.ts";
import { uuidv7 } from "uuidv7";
import type { FlowRunRow } from "../event-hub/rpc.ts";
import { type Birth, flowRunRow } from "../flow-run/rpc.ts";
import { derivedRunId } from "../kit/run-ids.ts";
import { PLANNED_VERSION, type Plan } from "./rpc.ts";

/** A schedule of a plan that can be asked when it is due. */
export interface Asked {
  schedule: DeploymentSchedule;
  timetable: Timetable;
}

/** The schedules of a plan that are due at times: none while it is paused. */
export function activeOf(plan: Plan): Asked[] {
  if (plan.paused) return [];
  return plan.schedules.flatMap((schedule) => {
    const timetable = timetableOf(schedule.schedule);
    return schedule.active && isTimetable(timetable) ? [{ schedule, timetable }] : [];
  });
}

/** Makes births of one workspace's occurrences. */
export class Occurrences {
  readonly #pepper: string;
  readonly #workspace: string;
  readonly #plan: Plan;

  constructor(pepper: string, workspace: string, plan: Plan) {
    this.#pepper = pepper;
    this.#workspace = workspace;
    this.#plan = plan;
  }

  id(asked: Asked, due: Instant): string {
    return derivedRunId(this.#pepper, this.#workspace, this.#plan.birth.flowId, this.#key(asked, due));
  }

  birth(asked: Asked, due: Instant): Birth {
    const { birth } = this.#plan;
    const { schedule } = asked;
    const id = this.id(asked, due);
    return {
      ...birth,
      id,
      offeredName: slugName(chanceOf(id)),
      state: { type: "SCHEDULED", message: "Flow run scheduled", details: { scheduledTime: due } },
      parameters: { ...birth.parameters, ...schedule.parameters },
      tags: ["auto-scheduled", ...(birth.tags ?? [])],
      idempotencyKey: this.#key(asked, due),
      autoScheduled: true,
      createdBy: { id: schedule.id, type: "SCHEDULE", display_value: scheduleName(schedule) },
    };
  }

  /** The row by which lists show an occurrence whose run does not exist yet. */
  row(asked: Asked, due: Instant): FlowRunRow {
    const { id, offeredName: name, lossPolicy: _, surroundings, ...input } = this.birth(asked, due);
    const run = newFlowRun(input, { id, name, now: this.#plan.at, newId: uuidv7 });
    return flowRunRow({ run, version: PLANNED_VERSION, surroundings }, []);
  }

  #key({ schedule, timetable }: Asked, due: Instant): string {
    return `scheduled ${this.#plan.deployment} ${schedule.id} ${localText(timetable.zone, due)}`;
  }
}

/** A source of chance that always gives the same for one id: an occurrence has its name before its run exists. */
function chanceOf(id: string): () => number {
  const digits = id.replaceAll("-", "");
  let at = 0;
  return () => {
    at += 6;
    return Number.parseInt(digits.slice(at - 6, at).padEnd(6, "0"), 16) / 0x1000000;
  };
}
