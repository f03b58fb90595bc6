import { expect, test } from "vitest";
import { Crowd, MOST_SOCKETS } from "./crowd.ts";

test("[AP119] a credential has so many sockets and no more, until one of them closes; others have theirs", () => {
  const crowd = new Crowd();
  const leaves = Array.from({ length: MOST_SOCKETS }, () => crowd.enter("a key"));
  expect(leaves.every((leave) => leave !== null)).toBe(true);
  expect(crowd.enter("a key")).toBeNull();
  expect(crowd.enter("another")).not.toBeNull();
  leaves[7]?.();
  expect(crowd.enter("a key")).not.toBeNull();
  expect(crowd.enter("a key")).toBeNull();
});
