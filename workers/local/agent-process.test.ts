import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { startAgent } from "./agent-process.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-agent-"));
const processes = join(folder, "processes");
mkdirSync(processes);
afterEach(() => rmSync(join(folder, "cli.mjs"), { force: true }));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));

/** Starts a program in the agent's place; `line` resolves when it, or its keeper, says something that matches. */
function startProgram(source: string) {
  writeFileSync(join(folder, "cli.mjs"), source);
  const said: string[] = [];
  const waiting: { pattern: RegExp; resolve: (line: string) => void }[] = [];
  const agent = startAgent({
    cli: join(folder, "cli.mjs"),
    pool: "default",
    apiUrl: "http://api",
    apiKey: "key",
    folder,
    processes,
    say(line) {
      said.push(line);
      for (const { pattern, resolve } of waiting) if (pattern.test(line)) resolve(line);
    },
  });
  const line = (pattern: RegExp): Promise<string> => {
    const found = said.find((one) => pattern.test(one));
    return found === undefined ? new Promise((resolve) => waiting.push({ pattern, resolve })) : Promise.resolve(found);
  };
  return { agent, line, said };
}

test("[LO11] the agent gets its address and key, is asked to end, and may take its time", async () => {
  const { agent, line, said } = startProgram(`
    process.on("SIGTERM", () => setTimeout(() => { console.log("ended my runs"); process.exit(0); }, 50));
    console.log("up", process.argv.slice(2, 7).join(" "), process.env.MILLRACE_API_URL, process.env.MILLRACE_API_KEY);
    setInterval(() => {}, 1000);
  `);
  expect(await line(/^up/)).toBe("up agent start --end-with-stdin --pool default http://api key");
  expect(existsSync(join(processes, "agent"))).toBe(true);
  await agent.stop();
  await line(/ended my runs/);
  expect(said.some((one) => one.includes("started again"))).toBe(false);
  expect(existsSync(join(processes, "agent"))).toBe(false);
});

test("[LO14] an agent that ends by itself is started again", async () => {
  const { agent, line } = startProgram(`
    import { existsSync, writeFileSync } from "node:fs";
    if (existsSync("once")) { console.log("second life"); setInterval(() => {}, 1000); }
    else { writeFileSync("once", ""); process.exit(7); }
  `);
  await line(/ended with code 7; it is started again in 1 s/);
  await line(/second life/);
  await agent.stop();
});

test("[LO12] nothing is started after the stop", async () => {
  const { agent, line } = startProgram("process.exit(1)");
  await line(/started again/);
  await agent.stop();
  expect(existsSync(join(processes, "agent"))).toBe(false);
});
