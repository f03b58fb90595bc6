/** The real host and its processes: how they end, whoever ends first. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { ROOT } from "../gates/tree.ts";
import { isAlive, killNow, processTree } from "../support/processes.ts";
import { cleanEnv } from "../support/server.ts";

/** Seconds for processes to be gone after their host was killed: the guardian's grace and some air. */
const GONE = 15;

const folders: string[] = [];
const hosts: ChildProcess[] = [];
afterEach(() => {
  for (const { pid } of hosts.splice(0)) if (pid !== undefined) killNow(processTree(pid));
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

interface Host {
  pid: number;
  child: ChildProcess;
  ended: Promise<number | null>;
  /** Resolves with the first line that matches. */
  line(pattern: RegExp): Promise<string>;
  said: string[];
}

/** Starts the host; by default as npm would, without npm. */
function start({ args = [], command }: { args?: string[]; command?: [string, ...string[]] } = {}): Host {
  const state = mkdtempSync(join(tmpdir(), "millrace-host-"));
  folders.push(state);
  const [program, ...before] = command ?? [process.execPath, "workers/local/start.ts"];
  const child = spawn(program, [...before, "--no-open", "--port", "0", "--state", state, ...args], {
    cwd: ROOT,
    env: cleanEnv(),
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own, as a terminal gives to what is typed in it.
    detached: true,
  });
  hosts.push(child);
  const said: string[] = [];
  const waiting: { pattern: RegExp; resolve: (line: string) => void; reject: (error: Error) => void }[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      said.push(line);
      for (const { pattern, resolve } of waiting) if (pattern.test(line)) resolve(line);
    });
  }
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  void ended.then(() => {
    for (const { pattern, reject } of waiting) reject(new Error(`It ended without ${pattern}:\n${said.join("\n")}`));
  });
  const line = (pattern: RegExp) =>
    new Promise<string>((resolve, reject) => {
      const found = said.find((one) => pattern.test(one));
      if (found !== undefined) resolve(found);
      else waiting.push({ pattern, resolve, reject });
    });
  return { pid: child.pid as number, child, ended, line, said };
}

async function untilGone(pids: readonly number[]): Promise<number[]> {
  const deadline = Date.now() + GONE * 1000;
  while (pids.some(isAlive) && Date.now() < deadline) await wait(50);
  return pids.filter(isAlive);
}

/** A process's command line; empty when it is gone. */
function nameOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}

test.each(["SIGTERM", "SIGINT"] as const)("[LO2] [LO11] %s ends the whole tree in order", async (signal) => {
  const host = start();
  await host.line(/^ready http/);
  const tree = processTree(host.pid);
  expect(tree.map(nameOf).join("\n")).toMatch(/workerd serve[\s\S]*agent start/);
  host.child.kill(signal);
  expect(await host.ended).toBe(0);
  expect(tree.filter(isAlive)).toEqual([]);
});

test.each([
  ["SIGTERM to npm alone", (npm: number): boolean => process.kill(npm, "SIGTERM")],
  ["Ctrl-C, which reaches all of a terminal", (npm: number): boolean => process.kill(-npm, "SIGINT")],
] as const)("[LO11] npm start ends in order with %s", async (_case, ask) => {
  const host = start({ command: ["npm", "start", "--"] });
  await host.line(/^ready http/);
  const tree = processTree(host.pid);
  expect(tree.map(nameOf).join("\n")).toMatch(/npm start[\s\S]*workerd serve[\s\S]*agent start/);
  ask(host.pid);
  await host.ended;
  expect(await untilGone(tree)).toEqual([]);
  expect(host.said.join("\n")).toMatch(/agent: .*Draining/);
});

test("[LO13] workerd and the agent do not outlive a killed host for long", async () => {
  const host = start();
  await host.line(/^ready http/);
  const tree = processTree(host.pid);
  expect(tree.length).toBeGreaterThan(3);
  host.child.kill("SIGKILL");
  expect(await untilGone(tree)).toEqual([]);
});

test("[LO12] a start that is ended half way leaves nothing", async () => {
  const host = start();
  let tree: number[] = [];
  while (isAlive(host.pid) && !tree.some((pid) => nameOf(pid).includes("workerd serve"))) {
    tree = processTree(host.pid);
    await wait(5);
  }
  expect(tree.length).toBeGreaterThan(1);
  host.child.kill("SIGTERM");
  await host.ended;
  expect(await untilGone(tree)).toEqual([]);
});

test("[LO16] workerd may open as many files as the system allows", async () => {
  const host = start({ args: ["--no-agent"] });
  await host.line(/^ready http/);
  const workerd = processTree(host.pid).find((pid) => nameOf(pid).includes("workerd serve"));
  const limits = readFileSync(`/proc/${workerd}/limits`, "utf8");
  const [, soft, hard] = /^Max open files\s+(\S+)\s+(\S+)/m.exec(limits) ?? [];
  expect(soft).toBe(hard);
});

test("[LO20] the control worker is closed to whoever does not know the secret", async () => {
  const host = start({ args: ["--no-agent"] });
  await host.line(/^ready http/);
  const ports = listeningPorts(processTree(host.pid));
  expect(ports.length).toBeGreaterThan(1);
  for (const port of ports) {
    for (const headers of [
      {},
      { authorization: "" },
      { authorization: "x".repeat(43) },
      { "MF-Route-Override": "control" },
    ]) {
      const answer = await fetch(`http://127.0.0.1:${port}/seed`, { method: "POST", body: '{"name":"x"}', headers });
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(await answer.text()).not.toContain("api_key");
    }
  }
});

/** TCP ports of this machine on which one of the processes listens. */
function listeningPorts(pids: readonly number[]): number[] {
  const ports = new Set<number>();
  for (const pid of pids) {
    for (const line of readFileSync(`/proc/${pid}/net/tcp`, "utf8").split("\n").slice(1)) {
      const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
      if (state !== "0A" || local === undefined || !socketsOf(pid).has(inode ?? "")) continue;
      ports.add(Number.parseInt(local.split(":")[1] ?? "", 16));
    }
  }
  return [...ports];
}

function socketsOf(pid: number): Set<string> {
  const found = new Set<string>();
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    const inode = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${fd}`))?.[1];
    if (inode !== undefined) found.add(inode);
  }
  return found;
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
