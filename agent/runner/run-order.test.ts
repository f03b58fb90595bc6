import { expect, test } from "vitest";
import { decodeOrder, encodeOrder, type RunOrder } from "./run-order.ts";

const order = (text: string): RunOrder => ({
  v: 1,
  bundle: "/b.mjs",
  flowName: "f",
  graceMs: 1,
  runningTransition: "t",
  compileCache: null,
  flowRun: {
    id: "i",
    name: "n",
    flow_id: "f",
    parameters: { text },
    run_count: 0,
    tags: [],
    deployment_id: null,
    empirical_policy: { retries: null, retry_delay: null },
  },
});

test("[AG46] a run travels to its process in the environment, and is asked for where it is too large for that", () => {
  expect(decodeOrder(encodeOrder(order("é\n\0")))).toEqual(order("é\n\0"));
  const large = encodeOrder(order("é".repeat(60_000)));
  expect(decodeOrder(large).flowRun).toBeNull();
  expect(Buffer.byteLength(large)).toBeLessThan(100_000);
});
