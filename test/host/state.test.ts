/** The real host and its state folder: first and second start, and the folders that it refuses. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, expect, test } from "vitest";
import { ROOT } from "../gates/tree.ts";
import { cleanEnv, type Server, startServer } from "../support/server.ts";

const folders: string[] = [];
const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), "millrace-host-"));
  folders.push(folder);
  return folder;
}

async function start(state: string): Promise<Server> {
  const server = await startServer({ state });
  servers.push(server);
  return server;
}

/** A start that is expected to fail: what it says, and its code. */
function failing(...args: string[]): { code: number | null; said: string } {
  const { status, stderr } = spawnSync(
    process.execPath,
    ["workers/local/start.ts", "--no-open", "--no-agent", ...args],
    {
      cwd: ROOT,
      env: cleanEnv(),
      encoding: "utf8",
      timeout: 60_000,
    },
  );
  return { code: status, said: stderr };
}

const oneSentence = (said: string) => expect(said.trimEnd().split("\n")).toHaveLength(1);

test("[LO3] [LO4] the first start makes an owner and a key, the second has the same", async () => {
  const state = temporary();
  const first = await start(state);
  expect(Object.keys(first.local).sort()).toEqual(["account_id", "api_key", "api_url", "url", "workspace_id"]);
  expect(first.local.api_url).toBe(
    `${first.local.url}/api/accounts/${first.local.account_id}/workspaces/${first.local.workspace_id}`,
  );
  for (const file of ["local.json", "secrets.json"]) expect(statSync(join(state, file)).mode & 0o777).toBe(0o600);
  await first.stop();
  const second = await start(state);
  expect({ ...second.local, url: "", api_url: "" }).toEqual({ ...first.local, url: "", api_url: "" });
});

test("[LO3] a lost local.json is made again for the same workspace, with a key that works", async () => {
  const state = temporary();
  const first = await start(state);
  await first.stop();
  rmSync(join(state, "local.json"));
  const { local } = await start(state);
  expect(local.workspace_id).toBe(first.local.workspace_id);
  const answer = await fetch(`${local.url}/api/me/`, { headers: { authorization: `Bearer ${local.api_key}` } });
  expect(answer.status).toBe(200);
});

test("[LO5] a second server on the same state says who has it", async () => {
  const state = temporary();
  const server = await start(state);
  const { code, said } = failing("--port", "0", "--state", state);
  expect(code).toBe(1);
  oneSentence(said);
  expect(said).toContain(`process ${server.pids()[0]} runs a server on the state folder ${state}`);
});

test("[LO6] a state folder that cannot be made", () => {
  const file = join(temporary(), "file");
  writeFileSync(file, "");
  const { code, said } = failing("--port", "0", "--state", join(file, "state"));
  expect(code).toBe(1);
  oneSentence(said);
  expect(said).toContain(`The state folder ${file}/state cannot be written`);
});

test("[LO7] a migration from the future", async () => {
  const state = temporary();
  const server = await start(state);
  await server.stop();
  const database = directoryOf(state);
  const open = new DatabaseSync(database);
  open.exec("INSERT INTO d1_migrations(name) VALUES ('9999_future.sql')");
  open.close();
  const { code, said } = failing("--port", "0", "--state", state);
  expect(code).toBe(1);
  oneSentence(said);
  expect(said).toContain("was written by a newer version of Millrace (migration 9999_future.sql of DIRECTORY)");
});

test("[LO10] [LO12] a port that is taken", async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  const { port } = taken.address() as { port: number };
  const state = temporary();
  try {
    const { code, said } = failing("--port", String(port), "--state", state);
    expect(code).toBe(1);
    oneSentence(said);
    expect(said).toContain(`Port ${port} of 127.0.0.1 is taken by another program`);
  } finally {
    taken.close();
  }
  expect(readdirSync(join(state, "processes"))).toEqual([]);
});

test("[LO10] an address of another machine", () => {
  const { code, said } = failing("--host", "192.0.2.1", "--state", temporary());
  expect(code).toBe(1);
  oneSentence(said);
  expect(said).toContain("192.0.2.1 is no address of this machine");
});

test("[LO1] a start that is asked for wrongly", () => {
  const { code, said } = failing("--port", "http");
  expect(code).toBe(2);
  expect(said).toBe('--port takes a whole number from 0 to 65535, not "http".\n');
});

/** The SQLite file of the directory database: the one with accounts. */
function directoryOf(state: string): string {
  const data = join(state, "data");
  const files = readdirSync(data, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".sqlite"));
  const found = files.map((name) => join(data, name)).find(hasAccounts);
  if (found === undefined) throw new Error(`${data} has no database with accounts.`);
  return found;
}

function hasAccounts(file: string): boolean {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    return database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'accounts'").get() !== undefined;
  } finally {
    database.close();
  }
}
