/** The flows that these tests deploy. They are bundled and run by real agents. */
import { spawn } from "node:child_process";
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { artifact, ctx, flow, task } from "../../agent/sdk/index.ts";
import { isAlive } from "../support/processes.ts";

/** Waits for a file, or for the end of the attempt. */
async function fileAppears(path: string, signal: AbortSignal): Promise<void> {
  while (!existsSync(path)) {
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const double = task("double", (n: number) => n * 2);
const flaky = task("flaky", { retries: 2, retryDelay: "20ms" }, (n: number) => {
  const attempt = ctx().task?.attempt ?? 0;
  if (attempt < 3) throw new Error(`attempt ${attempt}`);
  return n;
});
const inner = flow("inner", async ({ n }: { n: number }) => {
  ctx().log.info("inside");
  return (await double(n)) + 1;
});

export const whole = flow("whole", async ({ n, who }: { n: number; who: string }) => {
  const { log, run } = ctx();
  log.info(`hello ${who}`, { n, attempt: run.attempt });
  const doubled = double.submit(n);
  const kept = await flaky(doubled);
  await artifact.markdown({ key: "whole-note", markdown: `# ${who}` });
  return { sum: kept + (await inner({ n: double.submit(1) })), who };
});

export const failing = flow("failing", () => {
  throw new RangeError("out of it");
});

export const retried = flow("retried", { retries: 1 }, () => {
  const { attempt } = ctx().run;
  if (attempt === 1) throw new Error("the first attempt fails");
  return { attempt };
});

export const printing = flow("printing", () => {
  process.stdout.write("a line of output\nand a last one without an end");
  process.stderr.write("a line of error\n");
});

export const leaving = flow("leaving", () => {
  process.exit(0);
});

export const environment = flow("environment", () => ({
  names: Object.keys(process.env),
  folder: process.cwd(),
  given: process.env.GIVEN ?? null,
}));

let count = 0;
/** Leaves what it can in its process, and says what it found there. */
export const counting = flow("counting", () => {
  const left = process.env.LEFT ?? null;
  process.env.LEFT = "by an earlier run";
  return {
    count: ++count,
    pid: process.pid,
    folder: process.cwd(),
    temporary: tmpdir(),
    given: process.env.GIVEN ?? null,
    left,
    run: process.env.MILLRACE_FLOW_RUN_ID ?? "",
    arguments: process.argv.length,
    started: performance.timeOrigin,
  };
});

/** Waits until it is stopped, with a grandchild that does not listen. */
export const waiting = flow("waiting", async ({ pids, deaf = false }: { pids: string; deaf?: boolean }) => {
  const { signal, log } = ctx();
  if (deaf) {
    process.removeAllListeners("SIGTERM");
    process.on("SIGTERM", () => {});
  }
  const child = spawn("sh", ["-c", "trap '' TERM; sleep 300 & echo $! && wait"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  child.stdout.once("data", (line: Buffer) => writeFileSync(pids, `${process.pid} ${child.pid} ${line}`));
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
  log.info("cleaned up");
  signal.throwIfAborted();
});

/** Says that it begins, with its token and which processes of the same log are there still, and waits for a file. */
export const patient = flow("patient", async ({ log, release }: { log: string; release: string }) => {
  const { run, signal } = ctx();
  const before = existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : [];
  const beside = before.map((line) => JSON.parse(line).pid as number).filter(isAlive);
  const begun = { run: run.id, attempt: run.attempt, pid: process.pid, token: process.env.MILLRACE_API_KEY, beside };
  appendFileSync(log, `${JSON.stringify(begun)}\n`);
  await fileAppears(release, signal);
  return { attempt: run.attempt };
});

/** Runs once for all attempts: its result is kept with the run, and too large to lie in the run's object. */
const once = task("once", { checkpoint: true }, (log: string) => {
  appendFileSync(log, `${process.pid}\n`);
  return { pid: process.pid, more: "m".repeat(100_000) };
});
const afterwards = task("afterwards", (log: string, release: string) => {
  appendFileSync(log, `${JSON.stringify({ pid: process.pid })}\n`);
  return fileAppears(release, ctx().signal);
});

/** Has a task that is not to be run twice, and then waits for a file. */
export const lasting = flow("lasting", async ({ log, release }: { log: string; release: string }) => {
  const { pid: first, more } = await once(`${log}-once`);
  if (more.length !== 100_000) throw new Error("the result is not what it was");
  await afterwards(log, release);
  return { first, attempt: ctx().run.attempt };
});
