import { apiOf } from "./api.ts";
import type { CommandSpec } from "./command.ts";
import { findDeployment } from "./find-deployment.ts";
import { namedDeployments } from "./named-deployments.ts";
import { wordsOf } from "./schedules.ts";

export const command: CommandSpec = {
  description: "Lists the schedules of all deployments, or of one.",
  examples: ["millrace schedule ls", "millrace schedule ls hello/nightly -o json"],
  positionals: ["[flow/deployment]"],
  async run(call) {
    const { call: api } = await apiOf(call);
    const meant = call.args[0];
    const only = meant === undefined ? null : await findDeployment(api, meant);
    const deployments = await namedDeployments(api, only && [only]);
    call.out.list({
      rows: deployments.flatMap(({ full_name, paused, schedules }) =>
        schedules.map((schedule) => ({ ...schedule, deployment: full_name, deployment_paused: paused })),
      ),
      columns: {
        id: { title: "ID", of: (row) => row.id },
        deployment: { title: "DEPLOYMENT", of: (row) => row.deployment },
        slug: { title: "SLUG", of: (row) => row.slug },
        when: { title: "WHEN", of: wordsOf },
        timezone: { title: "ZONE", of: (row) => row.schedule.timezone },
        state: {
          title: "STATE",
          of: (row) => (row.deployment_paused ? "deployment paused" : row.active ? "active" : "paused"),
        },
      },
      name: (row) => row.id,
      empty: meant === undefined ? "No deployment has a schedule." : `${meant} has no schedule.`,
    });
    return undefined;
  },
};
