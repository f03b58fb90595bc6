import { expect, test } from "vitest";
import type { Json } from "../json.ts";
import { newState } from "../state.ts";
import { instant } from "../time.ts";
import { resultArtifact } from "./result-artifact.ts";

const NOW = instant(1_795_521_600_000_000);
const ID = "01a20db2-ed5d-7ef3-8131-000000000001";
const state = (data: Json) => newState({ type: "COMPLETED", data }, { id: ID, now: NOW });
const of = { flowRunId: "run", taskRunId: null };

test("[DO43] a stored result is an artifact, called as its data say, with an id of its own that the state's leads to", () => {
  expect(resultArtifact(state({ storage_key: "k", artifact_key: "a", artifact_type: "result" }), of)).toEqual({
    id: "01a20db2-ed5d-8ef3-8131-000000000001",
    key: "a",
    type: "result",
    description: null,
    data: { storage_key: "k" },
    ...of,
    created: NOW,
  });
});

test.each([
  ["[DO43] nothing", null],
  ["[DO43] a bare value", 7],
  ["[DO43] a list", [{ storage_key: "k" }]],
  ["[DO43] what is not persisted", { type: "unpersisted" }],
] as [string, Json][])("%s is none", (_case, data) => {
  expect(resultArtifact(state(data), of)).toBeNull();
});
