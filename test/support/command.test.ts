import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { runCommand } from "./command.ts";
import { isAlive } from "./processes.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-command-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the code and the whole output are kept", async () => {
  const log = join(folder, "a.log");
  const ended = await runCommand(["sh", "-c", "echo out; echo err >&2; exit 3"], { log, timeoutSeconds: 10 });
  expect(ended).toMatchObject({ code: 3, timedOut: false });
  expect(readFileSync(log, "utf8")).toBe("out\nerr\n");
});

test("a command that is not there has code 127", async () => {
  const ended = await runCommand([join(folder, "nothing")], { log: join(folder, "b.log"), timeoutSeconds: 10 });
  expect(ended.code).toBe(127);
});

test("what a command leaves running ends with it", async () => {
  const log = join(folder, "c.log");
  await runCommand(["sh", "-c", "sleep 600 & echo $!"], { log, timeoutSeconds: 10 });
  const pid = Number(readFileSync(log, "utf8"));
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false));
});

test("a command that takes too long is killed with all it started", async () => {
  const log = join(folder, "d.log");
  const ended = await runCommand(["sh", "-c", "sleep 600 & echo $!; wait"], { log, timeoutSeconds: 1 });
  expect(ended).toMatchObject({ code: null, timedOut: true });
  const pid = Number(readFileSync(log, "utf8"));
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false));
});
