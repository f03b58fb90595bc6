import { expect, test } from "vitest";
import { concurrencyLimitAt, eventHubAt, flowRunAt, type ObjectNamespaces, workPoolAt } from "./addresses.ts";
import { leaseAt } from "./kit/lease.ts";
import { RELEASED } from "./kit/release.ts";

/** Namespaces whose objects answer what `answer` says; names and calls are kept. */
function namespaces(answer: (attempt: number) => unknown = () => "answer") {
  const names: string[] = [];
  let calls = 0;
  const namespace = {
    getByName(name: string) {
      names.push(name);
      return { read: async () => answer(++calls), fetch: async () => answer(++calls) };
    },
  };
  const bindings = ["FLOW_RUN", "WORK_POOL", "EVENT_HUB", "CONCURRENCY_LIMIT"];
  const env = Object.fromEntries(bindings.map((name) => [name, namespace])) as unknown as ObjectNamespaces;
  return { env, names, calls: () => calls };
}

const fails = (message: string, properties: object = {}) => {
  throw Object.assign(new Error(message), properties);
};
const OWNER = { workspace: "w", shard: 0 };

test("[AD1] each object is named by its workspace, then by its id", async () => {
  const { env, names } = namespaces();
  await flowRunAt(env, "workspace", "run").read(OWNER);
  await workPoolAt(env, "workspace", "pool").fetch(new Request("http://object"));
  await eventHubAt(env, "workspace").fetch(new Request("http://object"));
  expect(names).toEqual(["workspace/run", "workspace/pool", "workspace"]);
});

test("[AD1] a limit and a lease that is kept there lead to one object", async () => {
  const { env, names } = namespaces();
  const limit = "0f34ddbd-589e-49ca-8ef2-e0ebc52fba4c";
  await concurrencyLimitAt(env, "workspace", limit).fetch(new Request("http://object"));
  await concurrencyLimitAt(env, "workspace", leaseAt(limit, "01a20db3-381e-7de8-b2b0-e7dcc7fc1429")).fetch(
    new Request("http://object"),
  );
  expect(names).toEqual(["workspace/8ef2-e0ebc52fba4c", "workspace/8ef2-e0ebc52fba4c"]);
});

test("[AD2] a call that meets a release is made once more, with a stub of its own", async () => {
  const { env, names, calls } = namespaces((attempt) => (attempt === 1 ? fails(RELEASED) : "answer"));
  expect(await flowRunAt(env, "w", "r").read(OWNER)).toBe("answer");
  expect([names.length, calls()]).toEqual([2, 2]);
});

test("[AD2] a second release in a row is told", async () => {
  const { env, calls } = namespaces(() => fails(RELEASED));
  await expect(flowRunAt(env, "w", "r").read(OWNER)).rejects.toThrow(RELEASED);
  expect(calls()).toBe(2);
});

test.each([
  ["[AD2] a bug", "undefined is not a function", {}],
  ["[AD2] a crash, which may have come after the commit", "the object was reset", { durableObjectReset: true }],
  ["[AD2] too much work", "overloaded", { overloaded: true, retryable: true }],
])("%s is told, and nothing is done twice", async (_case, message, properties) => {
  const { env, calls } = namespaces(() => fails(message, properties));
  await expect(flowRunAt(env, "w", "r").read(OWNER)).rejects.toThrow(message);
  expect(calls()).toBe(1);
});

test("[AD2] an address is no promise, so it may be awaited and returned", async () => {
  const { env, calls } = namespaces();
  const remote = await Promise.resolve(flowRunAt(env, "w", "r"));
  expect(calls()).toBe(0);
  expect(await remote.read(OWNER)).toBe("answer");
});
