import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { WEB_WRANGLER, WRANGLER } from "./paths.ts";
import { type WorkerInputs, workersOf } from "./worker-options.ts";
import { readWrangler } from "./wrangler-config.ts";

const text = readFileSync(WRANGLER, "utf8");
const config = readWrangler(text);

const inputs: WorkerInputs = {
  config,
  script: "export default {}",
  bindings: { KEY_PEPPER: "pepper" },
  host: "127.0.0.1",
  port: 4200,
  web: { config: readWrangler(readFileSync(WEB_WRANGLER, "utf8")), script: "export default {}", assets: "/assets" },
  control: { script: "export default {}", secret: "secret" },
};
const workers = workersOf(inputs);

test("[LO17] every binding of wrangler.toml is given under its name", () => {
  const [worker] = workers;
  const given = [
    "durableObjects",
    "d1Databases",
    "queueProducers",
    "r2Buckets",
    "serviceBindings",
    "bindings",
  ] as const;
  const names = new Set(given.flatMap((kind) => Object.keys(worker?.[kind] ?? {})));
  const wanted = [...text.matchAll(/^(?:binding|name) = "([A-Z][A-Z0-9_]*)"$|^([A-Z][A-Z0-9_]*) = /gm)].map(
    ([, name, variable]) => name ?? variable,
  );
  expect(wanted.length).toBeGreaterThan(6);
  expect([...names].sort()).toEqual([...wanted, "KEY_PEPPER"].sort());
});

test("[LO17] a queue's limits and its dead letters are as wrangler.toml says", () => {
  for (const { queue, ...limits } of config.consumers)
    expect(workers[0]?.queueConsumers).toHaveProperty([queue], limits);
  expect(Object.keys(workers[0]?.queueConsumers ?? {})).toEqual(
    [...text.matchAll(/consumers\]\]\nqueue = "(.+)"/g)].map(([, name]) => name),
  );
});

test("[LO17] the pages reach the API and the API its pages", () => {
  expect(workers[0]?.serviceBindings).toEqual({ WEB: "millrace-web" });
  expect(workers[1]?.serviceBindings).toEqual({ API: "millrace" });
});

test("[LO17] a binding to a Worker that does not run here is refused", () => {
  const services = [{ binding: "BILLING", service: "billing" }];
  expect(() => workersOf({ ...inputs, config: { ...config, services } })).toThrow("binds BILLING to billing");
});

test.each([
  ["[LO17] a binding of a kind that this host lacks", "[[kv_namespaces]]\nbinding = 'X'\nid = 'x'", "kv_namespaces"],
  ["[LO17] an object without SQLite", "[[durable_objects.bindings]]\nname = 'X'\nclass_name = 'Y'", "Y"],
])("%s", (_case, more, named) => {
  expect(() => readWrangler(`name = "x"\ncompatibility_date = "2026-06-01"\n${more}`)).toThrow(named);
});
