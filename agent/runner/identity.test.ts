import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { takeIdentity } from "./identity.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "identity-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("[AG45] an agent that starts again has the id it had; two at once have two", () => {
  const first = takeIdentity(folder);
  const second = takeIdentity(folder);
  expect(first.id).not.toBe(second.id);
  expect([first.name, second.name]).toEqual([hostname(), `${hostname()}-2`]);
  first.release();
  const again = takeIdentity(folder, "named");
  expect(again).toMatchObject({ id: first.id, name: "named" });
});

test("[AG45] the place of an agent that died is free", () => {
  const { id } = takeIdentity(folder);
  // No process has the highest number there is.
  writeFileSync(join(folder, "0.pid"), "4194304");
  expect(takeIdentity(folder).id).toBe(id);
});
