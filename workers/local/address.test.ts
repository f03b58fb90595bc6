import { expect, test } from "vitest";
import { isLoopback } from "./address.ts";

test.each([
  ["127.0.0.1", true],
  ["127.8.0.1", true],
  ["::1", true],
  ["0.0.0.0", false],
  ["::", false],
  ["192.168.1.2", false],
  ["::ffff:10.0.0.1", false],
] as const)("[LO19] whether %s is for this machine alone", (host, expected) => {
  expect(isLoopback(host)).toBe(expected);
});
