import type { WireDeploymentSchedule } from "@millrace/contract/schedules.ts";
import type { CommandSpec } from "./command.ts";
import { usage } from "./problem.ts";
import { chosen, schedulesOf, WHEN, WHICH, whenOf } from "./schedules.ts";

export const command: CommandSpec = {
  description:
    "Shows the next times of a deployment's schedule, or of one that it could have, with what a change of clocks does to them.",
  examples: [
    "millrace schedule preview hello/nightly",
    'millrace schedule preview hello/nightly --cron "30 2 * * *" --timezone Europe/Paris -n 20',
  ],
  positionals: ["<flow/deployment>"],
  options: {
    ...WHEN,
    schedule: WHICH,
    limit: { type: "string", short: "n", value: "N", description: "so many: 10, at most 200" },
  },
  async run(call) {
    const limit = call.count("limit", 1) ?? 10;
    if (limit > 200) throw usage("At most 200 times are shown.", "--limit");
    const asked = whenOf(call);
    const meant = await schedulesOf(call);
    const schedule = asked ?? (chosen(call, meant)[0] as WireDeploymentSchedule).schedule;
    call.out.list({
      rows: await meant.api.call("POST /deployments/{id}/schedules/preview", {
        params: { id: meant.deployment },
        body: { schedule, limit },
      }),
      columns: {
        local: { title: `IN ${schedule.timezone ?? "UTC"}`, of: (row) => row.local },
        utc: { title: "UTC", of: (row) => row.utc },
        warning: { title: "NOTE", of: (row) => row.warning },
      },
      name: (row) => row.utc,
      empty: "It never comes again.",
    });
    return undefined;
  },
};
