import type { CommandSpec } from "./command.ts";
import { confirm, YES_OPTION } from "./confirm.ts";
import { chosen, schedulesOf, wordsOf } from "./schedules.ts";

export const command: CommandSpec = {
  description: "Removes a schedule of a deployment, with the runs that it planned.",
  examples: ["millrace schedule rm hello/nightly", "millrace schedule rm hello/nightly weekdays --yes"],
  positionals: ["<flow/deployment>", "[schedule]"],
  options: { yes: YES_OPTION },
  async run(call) {
    const meant = await schedulesOf(call);
    const [schedule] = chosen(call, meant);
    if (!schedule) return undefined;
    await confirm(call, `Remove the schedule "${wordsOf(schedule)}" of ${call.args[0]}?`);
    await meant.api.call("DELETE /deployments/{id}/schedules/{schedule_id}", {
      params: { id: meant.deployment, schedule_id: schedule.id },
    });
    call.out.say(`Removed ${schedule.id}.`);
    return undefined;
  },
};
