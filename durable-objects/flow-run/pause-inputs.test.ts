import { expect, test } from "vitest";
import { begin, newOwner } from "../../test/workerd/runs.ts";

test("[FR13] when a pause fires, an answer of an earlier attempt under its key is forgotten, and no other", async () => {
  const owner = newOwner();
  const run = await begin(owner, { state: { type: "RUNNING" } });
  for (const key of ["answer", "other"]) {
    await run.object.addInput(owner, run.id, { key, value: "1", sender: null }, null);
  }
  await run.set("PAUSED", { details: { pauseKey: "k", runInputKeyset: { response: "answer", schema: "none-yet" } } });
  expect(await run.object.input(owner, "answer")).toBeNull();
  expect(await run.object.input(owner, "other")).not.toBeNull();
});
