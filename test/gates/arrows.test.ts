/** The arrows are checked by a tool with a configuration; here the configuration is shown to find what it should. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { ROOT } from "./tree.ts";

const tree = mkdtempSync(join(tmpdir(), "millrace-arrows-"));
afterAll(() => rmSync(tree, { recursive: true, force: true }));

const sources: Record<string, string> = {
  "node_modules/zod/package.json": '{"name":"zod","version":"1.0.0","main":"index.js"}',
  "node_modules/zod/index.js": "",
  "node_modules/hono/package.json": '{"name":"hono","version":"1.0.0","main":"index.js"}',
  "node_modules/hono/index.js": "",
  "package.json": '{"type":"module","dependencies":{"zod":"1.0.0","hono":"1.0.0"}}',
  "domain/a.ts": 'import "../contract/a.ts"; import "node:fs"; import "zod"; export type A = 1;',
  "contract/a.ts": 'import "../durable-objects/addresses.ts"; import "zod"; import "hono"; export const a = 1;',
  "contract/client.ts": "export const client = 1;",
  "migrations/a.ts": 'import "../contract/client.ts";',
  "durable-objects/addresses.ts": 'import "./flow-run/flow-run.ts"; import "./flow-run/rpc.ts";',
  "durable-objects/flow-run/flow-run.ts":
    'import "../work-pool/schema.ts"; import "../../workers/b.ts"; import "node:crypto";',
  "durable-objects/flow-run/rpc.ts": "export type Rpc = 1;",
  "durable-objects/work-pool/schema.ts": "export const s = 1;",
  "durable-objects/kit/k.ts": 'import "../flow-run/rpc.ts";',
  "workers/main.ts":
    'import "../durable-objects/flow-run/flow-run.ts"; import "./local/start.ts"; import "../agent/a.ts";',
  "workers/b.ts": 'import "../durable-objects/flow-run/flow-run.ts"; import "./c.ts"; import "node:fs";',
  "workers/c.ts": 'import "./b.ts"; import "./d.test.ts";',
  "workers/d.test.ts": 'import "./b.ts";',
  "workers/local/start.ts": 'import "node:fs";',
  "web/good.ts": 'import type { a } from "../contract/a.ts"; import "../contract/client.ts"; import "../domain/a.ts";',
  "web/bad.ts": 'import { a } from "../contract/a.ts"; import "../workers/c.ts"; a;',
  "agent/a.ts": 'import "../workers/c.ts"; import "../test/t.ts"; import "./nowhere.ts";',
  "test/t.ts": 'import "../durable-objects/flow-run/flow-run.ts";',
};

function violations(): string[] {
  for (const [path, text] of Object.entries(sources)) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), text);
  }
  for (const name of [".dependency-cruiser.cjs", "tsconfig.base.json"]) cpSync(join(ROOT, name), join(tree, name));
  const bin = join(ROOT, "node_modules/dependency-cruiser/bin/dependency-cruiser.mjs");
  const rooms = ["domain", "contract", "migrations", "durable-objects", "workers", "web", "agent", "test"];
  const { stdout } = spawnSync(process.execPath, [bin, "-T", "json", "--config", ".dependency-cruiser.cjs", ...rooms], {
    cwd: tree,
    encoding: "utf8",
  });
  const report = JSON.parse(stdout) as {
    summary: { violations: { rule: { name: string }; from: string; to: string }[] };
  };
  return report.summary.violations
    .filter(({ rule }) => rule.name !== "no-cycles")
    .map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`)
    .sort();
}

test("each forbidden arrow is found, and no allowed one", () => {
  expect(violations()).toEqual([
    "address-book-by-rpc: durable-objects/addresses.ts → durable-objects/flow-run/flow-run.ts",
    "agent-rooms: agent/a.ts → test/t.ts",
    "agent-rooms: agent/a.ts → workers/c.ts",
    "contract-packages: contract/a.ts → node_modules/hono/index.js",
    "contract-rooms: contract/a.ts → durable-objects/addresses.ts",
    "domain-no-node: domain/a.ts → fs",
    "domain-packages: domain/a.ts → node_modules/zod/index.js",
    "domain-rooms: domain/a.ts → contract/a.ts",
    "durable-objects-rooms: durable-objects/flow-run/flow-run.ts → workers/b.ts",
    "kit-knows-no-object: durable-objects/kit/k.ts → durable-objects/flow-run/rpc.ts",
    "local-host-stands-alone: workers/main.ts → workers/local/start.ts",
    "migrations-rooms: migrations/a.ts → contract/client.ts",
    "no-test-imported: workers/c.ts → workers/d.test.ts",
    "no-test-room-in-production: agent/a.ts → test/t.ts",
    "objects-by-each-others-rpc: durable-objects/flow-run/flow-run.ts → durable-objects/work-pool/schema.ts",
    "objects-by-their-rpc: workers/b.ts → durable-objects/flow-run/flow-run.ts",
    "resolvable: agent/a.ts → ./nowhere.ts",
    "web-rooms: web/bad.ts → workers/c.ts",
    "web-takes-types-of-the-contract: web/bad.ts → contract/a.ts",
    "workers-no-node: workers/b.ts → fs",
    "workers-rooms: workers/main.ts → agent/a.ts",
  ]);
});
