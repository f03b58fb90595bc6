import { spawn, spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";

const noPython = spawnSync("python3", ["--version"]).status !== 0;

test.skipIf(noPython)("[AG94] a run whose Python has no Prefect says so, and what to do", async () => {
  // Without the folders in which packages are installed.
  const child = spawn("python3", ["-S", join(import.meta.dirname, "waiting.py")], {
    stdio: ["ignore", "ignore", "pipe", "ignore", "pipe"],
  });
  const order = { env: { PREFECT_API_KEY: "mrl_x", PYTHONPATH: "" }, folder: tmpdir() };
  (child.stdio[4] as Duplex).end(JSON.stringify(order));
  const said = text(child.stderr as NodeJS.ReadableStream);
  const code = await new Promise((resolve) => child.once("exit", resolve));
  expect(await said).toMatch(
    /^The Python of this agent, .*python3.*, has no package prefect\. Install it there, .*--python/,
  );
  expect(code).toBe(1);
});
