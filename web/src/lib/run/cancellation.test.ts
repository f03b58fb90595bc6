import { expect, test } from "vitest";
import type { Client } from "../api.ts";
import { countAnswers, loadCancellation } from "./cancellation.ts";

const AT = "2026-11-25T04:00:00.000000Z";
const receipt = (kind: string, id: string, answered: string | null) => ({
  ...{ kind, id, asked: AT, answered },
  state_name: answered && "Cancelled",
});

test("[WE65] the receipts of a run and of the runs below it become one tree, with names", async () => {
  const receipts: Record<string, unknown[]> = {
    root: [receipt("flow-run", "child", AT), receipt("task-run", "task", null)],
    child: [receipt("flow-run", "grandchild", null)],
    grandchild: [],
  };
  const api = (async (route: string, { params, body }: { params?: { id: string }; body?: object }) =>
    route.startsWith("GET")
      ? receipts[params!.id]
      : [
          {
            id: route.includes("task_runs") ? "task" : JSON.stringify(body).includes("grand") ? "grandchild" : "child",
            name: "named",
          },
        ]) as unknown as Client;
  const tree = await loadCancellation(api, "root");
  expect(tree.map(({ id, name, below }) => [id, name, below.map((node) => node.id)])).toEqual([
    ["child", "named", ["grandchild"]],
    ["task", "named", []],
  ]);
  expect(countAnswers(tree)).toEqual({ answered: 1, all: 3 });
});
