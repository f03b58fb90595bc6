import type { CommandSpec } from "./command.ts";
import { PARAM_OPTION, readParameters } from "./parameters.ts";
import { usage } from "./problem.ts";
import { schedulesOf, WHEN, whenOf, wordsOf } from "./schedules.ts";

export const command: CommandSpec = {
  description: "Gives a deployment a schedule. One of the same slug, where there is one, becomes the new one.",
  examples: [
    'millrace schedule set hello/nightly --cron "0 2 * * *" --timezone Europe/Paris',
    "millrace schedule set hello/nightly --every 15m --slug often",
    'millrace schedule set hello/nightly --rrule "FREQ=MONTHLY;BYDAY=1MO;BYHOUR=9" --slug monthly -p day=1',
  ],
  positionals: ["<flow/deployment>"],
  options: {
    ...WHEN,
    slug: { type: "string", value: "SLUG", description: "what to call it, and which one to change" },
    param: { ...PARAM_OPTION, description: "a parameter of its runs" },
    inactive: { type: "boolean", description: "paused from the start" },
  },
  async run(call) {
    const schedule = whenOf(call);
    if (!schedule) throw usage("When? Say --cron, --every or --rrule.", "--cron");
    const slug = call.text("slug");
    const { api, deployment, schedules } = await schedulesOf(call);
    const parameters = readParameters(call.texts("param"), null);
    const body = {
      schedule,
      active: !call.flag("inactive"),
      ...(Object.keys(parameters).length > 0 && { parameters }),
    };
    const known = slug === undefined ? undefined : schedules.find((one) => one.slug === slug);
    const params = { id: deployment };
    let id = known?.id;
    if (id === undefined) {
      const [made] = await api.call("POST /deployments/{id}/schedules", { params, body: [{ ...body, slug }] });
      id = made?.id as string;
    } else
      await api.call("PATCH /deployments/{id}/schedules/{schedule_id}", {
        params: { ...params, schedule_id: id },
        body,
      });
    const now = (await api.call("GET /deployments/{id}/schedules", { params })).find((one) => one.id === id);
    if (now)
      call.out.record(
        {
          ...{ id: now.id, deployment: call.args[0] as string, slug: now.slug, when: wordsOf(now) },
          ...{ timezone: now.schedule.timezone, state: now.active ? "active" : "paused" },
        },
        now,
        now.id,
      );
    return undefined;
  },
};
