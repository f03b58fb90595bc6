import { expect, test } from "vitest";
import { routeForRun, routeForRunsWithTag, routeForSignIn, safeReturn } from "./route-for.ts";

test("[WE5] a run's page is where Prefect's client says it is", () => {
  expect(routeForRun("08fcccc9-dece-45c9-93aa-aa27f58b081e")).toBe(
    "/runs/flow-run/08fcccc9-dece-45c9-93aa-aa27f58b081e",
  );
  expect(routeForRun("x", { task: "t", tab: "logs" })).toBe("/runs/flow-run/x?task=t");
  expect(routeForRunsWithTag("a&b=c")).toBe("/runs?tag=a%26b%3Dc");
});

test.each([
  ["/runs?state=failed", "/runs?state=failed"],
  ["/runs/flow-run/x#L1", "/runs/flow-run/x#L1"],
  [null, "/runs"],
  ["", "/runs"],
  ["//evil.example", "/runs"],
  ["/\\evil.example", "/runs"],
  ["https://evil.example/", "/runs"],
  ["javascript:alert(1)", "/runs"],
  ["/\t/evil.example", "/runs"],
  ["/\n/evil.example", "/runs"],
])("[WE6] after signing in, %j leads to %j and never to another site", (next, target) => {
  expect(safeReturn(next)).toBe(target);
  expect(routeForSignIn(target)).toMatch(/^\/sign-in(\?next=%2F|$)/);
});
