import { expect, test } from "vitest";
import { asksFor, logQueryToWire, parseLogQuery } from "./log-query.ts";

const TASK = "01a20db2-ed5d-7acd-a6e9-12eb0e100245";
const line = (level: number, task: string | null) => ({ id: "1", at: 0, level, logger: "", message: "", task });

test("[WE27] what the server is asked for and what is taken from the live log are the same lines", () => {
  const query = parseLogQuery(new URLSearchParams(`task=${TASK}&level=30`));
  expect(query).toEqual({ task: TASK, level: 30 });
  expect(logQueryToWire("run", query)).toEqual({
    flow_run_id: { any_: ["run"] },
    level: { ge_: 30 },
    task_run_id: { any_: [TASK] },
  });
  expect(asksFor(query, line(30, TASK))).toBe(true);
  expect(asksFor(query, line(29, TASK))).toBe(false);
  expect(asksFor(query, line(50, null))).toBe(false);
});

test("[WE27] an address that means nothing asks for all lines", () => {
  expect(parseLogQuery(new URLSearchParams("task=all&level=loud"))).toEqual({ task: null, level: 0 });
  expect(logQueryToWire("run", { level: 0, task: null })).toEqual({ flow_run_id: { any_: ["run"] } });
});
