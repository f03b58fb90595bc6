/** The suite that every kind of infrastructure passes, against real work. Its commands are Node programs. */
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Infrastructure, OutputStream, StartOrder, Work } from "./infrastructure.ts";

/** Milliseconds after which a condition that should come true has failed. */
const LIMIT_MS = 10_000;

/** `name` begins with the ids of the promises below, so that they are found in the test's own file. */
export function infrastructureSuite(name: string, infrastructure: Infrastructure): void {
  describe(name, () => {
    let folder: string;
    const live = new Set<Work>();

    beforeEach(async () => {
      folder = realpathSync(await mkdtemp(join(tmpdir(), "infrastructure-")));
    });
    afterEach(async () => {
      for (const work of live) work.kill();
      await Promise.all([...live].map((work) => work.ended));
      live.clear();
      await rm(folder, { recursive: true });
    });

    async function start(program: string, more: Partial<StartOrder> = {}) {
      const output = { stdout: "", stderr: "" };
      const work = await infrastructure.start({
        name: "test",
        command: [process.execPath, "--input-type=module", "--eval", program],
        env: {},
        folder,
        input: null,
        onOutput: (stream: OutputStream, bytes) => {
          output[stream] += Buffer.from(bytes).toString();
        },
        ...more,
      });
      live.add(work);
      return { work, output };
    }

    test(`[AG1] the command sees the environment of its order and nothing of the agent's`, async () => {
      process.env.MILLRACE_SECRET_OF_THE_AGENT = "leaked";
      const { work, output } = await start("console.log(JSON.stringify(process.env))", { env: { GIVEN: "yes" } });
      await work.ended;
      delete process.env.MILLRACE_SECRET_OF_THE_AGENT;
      const seen = JSON.parse(output.stdout) as Record<string, string>;
      expect(seen.GIVEN).toBe("yes");
      expect(Object.keys(seen).filter((key) => key !== "GIVEN" && !key.startsWith("__CF"))).toEqual([]);
    });

    test(`[AG2] the command works in its own folder`, async () => {
      const { work, output } = await start(
        'import { writeFileSync } from "node:fs"; writeFileSync("here", "x"); console.log(process.cwd())',
      );
      await work.ended;
      expect(output.stdout.trim()).toBe(folder);
      expect(existsSync(join(folder, "here"))).toBe(true);
    });

    test(`[AG3] output of both streams arrives whole before the end, up to the last byte`, async () => {
      const program = 'process.stdout.write("a".repeat(300_000) + "end"); process.stderr.write("é".repeat(50_000));';
      const { work, output } = await start(program);
      await work.ended;
      expect(output.stdout.length).toBe(300_003);
      expect(output.stdout.endsWith("end")).toBe(true);
      expect(Buffer.byteLength(output.stderr)).toBeGreaterThanOrEqual(100_000);
    });

    test.each([0, 1, 7, 255])(`[AG4] exit code %i is told`, async (code) => {
      const { work } = await start(`process.exit(${code})`);
      expect(await work.ended).toEqual({ exitCode: code, signal: null });
    });

    test(`[AG4] an end by a signal is told`, async () => {
      const { work } = await start(
        'process.kill(process.pid, "SIGSEGV"); await new Promise(() => setInterval(() => {}, 1000))',
      );
      expect(await work.ended).toMatchObject({ exitCode: null, signal: "SIGSEGV" });
    });

    test(`[AG5] stop asks first, and a command that listens may clean up`, async () => {
      const program =
        'process.on("SIGTERM", () => { console.log("cleaned"); process.exit(3); }); console.log("ready"); setInterval(() => {}, 1000)';
      const { work, output } = await start(program);
      await until(() => output.stdout.includes("ready"));
      await work.stop(LIMIT_MS);
      expect(await work.ended).toEqual({ exitCode: 3, signal: null });
      expect(output.stdout).toContain("cleaned");
    });

    test(`[AG5] a command that does not listen is killed after the grace`, async () => {
      const { work, output } = await start(
        'process.on("SIGTERM", () => {}); console.log("ready"); setInterval(() => {}, 1000)',
      );
      await until(() => output.stdout.includes("ready"));
      await work.stop(50);
      expect(await work.ended).toEqual({ exitCode: null, signal: "SIGKILL" });
    });

    test(`[AG6] with the command everything ends that it started, grandchildren too`, async () => {
      const { work, output } = await start(GRANDPARENT);
      await until(() => output.stdout.split("\n").length > 2);
      const pids = output.stdout.trim().split("\n").map(Number);
      expect(pids.map(isAlive)).toEqual([true, true]);
      work.kill();
      await work.ended;
      await until(() => !pids.some(isAlive));
    });

    test(`[AG6] a command that ends by itself leaves nothing behind`, async () => {
      const { work, output } = await start(
        `${GRANDPARENT}\nlet up = 0; below.on("message", () => ++up === 2 && process.exit(0));`,
      );
      await until(() => output.stdout.split("\n").length > 2);
      const pids = output.stdout.trim().split("\n").map(Number);
      expect(await work.ended).toEqual({ exitCode: 0, signal: null });
      await until(() => !pids.some(isAlive));
    });

    test("[AG61] a command that waits gets its work over a pipe of its own; what it wrote before belongs to the work", async () => {
      const setup = { command: [process.execPath, "--input-type=module", "--eval", WAITING] as const, env: {}, folder };
      const standby = await infrastructure.stand(setup);
      await standby.ready;
      expect(standby.memory()).toBeGreaterThan(1);
      let output = "";
      const input = "é".repeat(300_000);
      const work = standby.begin({
        name: "test",
        input,
        onOutput: (_stream, bytes) => {
          output += Buffer.from(bytes).toString();
        },
      });
      live.add(work);
      expect(await work.ended).toEqual({ exitCode: 0, signal: null });
      expect(work.taken).toBe(true);
      expect(output).toBe(`before\n${Buffer.byteLength(input)}\n`);
    });

    test("[AG61] a command that ended while it waited is known not to have begun", async () => {
      const setup = { command: [process.execPath, "--input-type=module", "--eval", WAITING] as const, env: {}, folder };
      const standby = await infrastructure.stand(setup);
      standby.kill();
      const work = standby.begin({ name: "test", input: "something", onOutput: () => {} });
      expect(await work.ended).toEqual({ exitCode: null, signal: "SIGKILL" });
      expect(work.taken).toBe(false);
    });

    test(`[AG7] a command that cannot be started is an error, and leaves nothing`, async () => {
      await expect(start("", { command: ["/does/not/exist"] })).rejects.toThrow("could not be started");
    });
  });
}

/** Starts a child that starts a child; both print their process id, send a message up when they have, and ignore SIGTERM. */
const GRANDPARENT = `
import { spawn } from "node:child_process";
const deaf = 'process.on("SIGTERM", () => {}); console.log(process.pid); process.send("up"); setInterval(() => {}, 1000);';
const inherited = { stdio: ["inherit", "inherit", "inherit", "ipc"] };
const child = deaf + 'require("node:child_process").spawn(process.execPath, ["--eval", ' + JSON.stringify(deaf) + '], ' +
  JSON.stringify(inherited) + ').on("message", (up) => process.send(up));';
const below = spawn(process.execPath, ["--eval", child], inherited);
`;

/** Says that it is ready, reads its order to the end, and says that it has it. */
const WAITING = `
import { Socket } from "node:net";
const channel = new Socket({ fd: 4, allowHalfOpen: true });
console.log("before");
channel.write("r");
let bytes = 0;
channel.on("data", (chunk) => { bytes += chunk.length; });
channel.on("end", () => { channel.end("t"); console.log(bytes); });
`;

/** Waits until `condition` holds; fails when that takes too long. */
async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + LIMIT_MS;
  while (!condition()) {
    if (performance.now() > end) throw new Error("What was waited for did not come.");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Whether a process runs. One that has ended and only waits for its parent to notice does not. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.[0] !== "Z";
  } catch {
    return true;
  }
}
