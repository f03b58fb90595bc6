/** Schedules of a deployment, as commands mean them: by their slug, their id or its beginning, or the only one there is. */
import type { WireDeploymentSchedule } from "@millrace/contract/schedules.ts";
import { ruleWords } from "@millrace/domain/schedule/rrule-words.ts";
import type { ScheduleOptions } from "../sdk/deploy/options.ts";
import { wireTimes } from "../sdk/deploy/schedules.ts";
import { type Duration, milliseconds, readable } from "../sdk/duration.ts";
import { type Api, apiOf } from "./api.ts";
import type { Call, OptionSpec } from "./command.ts";
import { findDeployment } from "./find-deployment.ts";
import { Problem, usage } from "./problem.ts";

export const WHICH: OptionSpec = {
  type: "string",
  value: "SLUG|ID",
  description: "which of its schedules: its slug, or the beginning of its id",
};

/** What says when: options of `deploy`, `schedule set` and `schedule preview`. */
export const WHEN: Readonly<Record<string, OptionSpec>> = {
  cron: { type: "string", value: "CRON", description: 'as "0 9 * * MON-FRI"' },
  every: { type: "string", value: "TIME", description: "as 15m or 1h30m" },
  rrule: { type: "string", value: "RRULE", description: "as FREQ=MONTHLY;BYDAY=1MO" },
  timezone: { type: "string", value: "ZONE", description: "as Europe/Paris: UTC" },
  anchor: { type: "string", value: "TIME", description: "with --every: a moment from which it is counted" },
};

/** The times that the options say; null where they say none. */
export function timesOf(call: Call): ScheduleOptions | null {
  const [cron, every, rrule] = [call.text("cron"), call.text("every"), call.text("rrule")];
  const said = [cron, every, rrule].filter((one) => one !== undefined);
  if (said.length > 1) throw usage("--cron, --every and --rrule are three ways to say it: give one.", "--cron");
  const [timezone, anchor] = [call.text("timezone"), call.text("anchor")];
  if (anchor !== undefined && every === undefined) throw usage("--anchor belongs to --every.", "--anchor");
  if (timezone !== undefined && said.length === 0)
    throw usage("--timezone belongs to --cron, --every or --rrule.", "--timezone");
  const zone = timezone === undefined ? {} : { timezone };
  if (cron !== undefined) return { cron, ...zone };
  if (rrule !== undefined) return { rrule, ...zone };
  if (every === undefined) return null;
  return { every: lengthOf(every), ...(anchor !== undefined && { anchor }), ...zone };
}

/** The same as the API takes it. */
export function whenOf(call: Call) {
  const times = timesOf(call);
  return times && wireTimes(times);
}

function lengthOf(text: string): Duration {
  const length = (/^\d+(\.\d+)?$/.test(text) ? Number(text) : text) as Duration;
  try {
    milliseconds(length, "--every");
    return length;
  } catch (error) {
    throw usage((error as Error).message, "--every");
  }
}

/** A schedule in a few words. */
export function wordsOf({ schedule }: Pick<WireDeploymentSchedule, "schedule">): string {
  if ("cron" in schedule) return schedule.cron;
  if ("rrule" in schedule) return ruleWords(schedule.rrule) ?? schedule.rrule.replaceAll("\n", " ");
  return `every ${readable(schedule.interval * 1000).replace(/( 00[ms])+$/, "")}`;
}

export interface Meant {
  api: Api;
  deployment: string;
  schedules: readonly WireDeploymentSchedule[];
}

/** The deployment that a call means, with the schedules that it has. */
export async function schedulesOf(call: Call): Promise<Meant> {
  const api = await apiOf(call);
  const { id } = await findDeployment(api.call, call.args[0] as string);
  return { api, deployment: id, schedules: await api.call("GET /deployments/{id}/schedules", { params: { id } }) };
}

/** The one that is meant; all of them where `orAll` and none was said. */
export function chosen(call: Call, { schedules }: Meant, orAll = false): readonly WireDeploymentSchedule[] {
  const meant = call.args[1] ?? call.text("schedule");
  if (schedules.length === 0)
    throw new Problem(`${call.args[0]} has no schedule.`, {
      code: "not_found",
      fix: "`millrace schedule set` gives it one.",
    });
  if (meant === undefined) {
    if (orAll || schedules.length === 1) return schedules;
    throw usage(`${call.args[0]} has several schedules; say which:\n${list(schedules)}`, "[schedule]");
  }
  const found = schedules.filter(({ id, slug }) => slug === meant || id === meant);
  const near = found.length > 0 || meant.length < 4 ? found : schedules.filter(({ id }) => id.startsWith(meant));
  if (near.length === 1) return near;
  throw near.length === 0
    ? new Problem(`${call.args[0]} has no schedule "${meant}"; it has:\n${list(schedules)}`, { code: "not_found" })
    : usage(`"${meant}" means several schedules; give the id of one:\n${list(near)}`, "[schedule]");
}

const list = (schedules: readonly WireDeploymentSchedule[]): string =>
  schedules.map((one) => `  ${one.id}  ${one.slug ?? ""}  ${wordsOf(one)}`).join("\n");
