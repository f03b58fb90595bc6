import { expect, test } from "vitest";
import { Teardown } from "./teardown.ts";

test("[LO12] parts end in reverse order, each once, whatever one of them does", async () => {
  const ended: string[] = [];
  const complaints: string[] = [];
  const teardown = new Teardown();
  teardown.add("first", () => void ended.push("first"));
  teardown.add("second", () => Promise.reject(new Error("no")));
  teardown.add("third", async () => void ended.push("third"));
  await Promise.all([teardown.run((line) => complaints.push(line)), teardown.run((line) => complaints.push(line))]);
  expect(ended).toEqual(["third", "first"]);
  expect(complaints).toEqual(["Ending second failed: no"]);
});

test("[LO12] what comes up during the end is ended too, and stops the start", async () => {
  const teardown = new Teardown();
  await teardown.run(() => undefined);
  let ended = false;
  expect(() => {
    teardown.add("a late part", () => {
      ended = true;
    });
  }).toThrow("a late part came up while everything was ended");
  expect(ended).toBe(true);
});
