/** Pausing and resuming schedules. */
import type { Call } from "./command.ts";
import { chosen, schedulesOf, wordsOf } from "./schedules.ts";

export async function setActive(call: Call, active: boolean): Promise<undefined> {
  const meant = await schedulesOf(call);
  const done = chosen(call, meant, true);
  for (const { id } of done)
    await meant.api.call("PATCH /deployments/{id}/schedules/{schedule_id}", {
      params: { id: meant.deployment, schedule_id: id },
      body: { active },
    });
  call.out.list({
    rows: done.map((schedule) => ({ ...schedule, active })),
    columns: {
      id: { title: "ID", of: (row) => row.id },
      slug: { title: "SLUG", of: (row) => row.slug },
      when: { title: "WHEN", of: wordsOf },
      state: { title: "STATE", of: () => (active ? "active" : "paused") },
    },
    name: (row) => row.id,
    empty: "",
  });
  return undefined;
}
