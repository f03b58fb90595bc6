import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { bundleFile } from "./bundle.ts";
import { loadFlows } from "./load-flows.ts";

const SDK = new URL("../index.ts", import.meta.url).pathname;
let folder: string;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "bundle-")));
  mkdirSync(join(folder, "project"));
  writeFileSync(join(folder, "project", "package.json"), "{}");
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const path = join(folder, "project", name);
  writeFileSync(path, text.replaceAll("SDK", JSON.stringify(SDK)));
  return path;
}

test("[SD41] the same sources give the same bytes, whatever folder they lie in", async () => {
  write("flows.ts", 'import { n } from "./n.ts"; export const twice = (): number => n * 2; throw new Error("x");');
  write("n.ts", "export const n: number = 21;");
  const there = join(folder, "elsewhere", "deeper");
  cpSync(join(folder, "project"), there, { recursive: true });
  const [here, moved] = await Promise.all(
    [join(folder, "project"), there].map((at) => bundleFile(join(at, "flows.ts"), { hosted: true })),
  );
  expect(here!.sha256).toBe(moved!.sha256);
  expect(Buffer.from(here!.bytes).toString()).not.toContain(folder);
});

test("[SD42] a file is loaded for its flows: those it exports, or all; calls and deployments at its end do nothing then", async () => {
  const exporting = write(
    "exporting.ts",
    `import { flow } from SDK; const hidden = flow("hidden", () => 1); export const shown = flow("shown", () => hidden());
     await shown.deploy({ name: "x" });`,
  );
  const first = await loadFlows(await bundleFile(exporting, { hosted: true }), exporting);
  expect(first.flows.map(({ name }) => name)).toEqual(["shown"]);
  expect(first.declared.map(({ name }) => name)).toEqual(["hidden", "shown"]);
  const bare = write("bare.ts", 'import { flow } from SDK; flow("one", () => 1); flow("two", () => 2);');
  expect((await loadFlows(await bundleFile(bare, { hosted: true }), bare)).flows.map(({ name }) => name)).toEqual([
    "one",
    "two",
  ]);
  const calling = write(
    "calling.ts",
    'import { flow } from SDK; export const f = flow("calling", () => 1); await f();',
  );
  await expect(loadFlows(await bundleFile(calling, { hosted: false }), calling)).rejects.toThrow("import.meta.main");
  const empty = write("empty.ts", "export const x = 1;");
  await expect(loadFlows(await bundleFile(empty, { hosted: true }), empty)).rejects.toThrow("declares no flow");
});

test("[SD43] what agents run holds neither the bundler nor the way to start runs by hand", async () => {
  const path = write("flows.ts", 'import { flow } from SDK; export const f = flow("f", () => 1);');
  const hosted = Buffer.from((await bundleFile(path, { hosted: true })).bytes)
    .toString()
    .split("//# sourceMappingURL")[0]!;
  expect(hosted).not.toContain("absWorkingDir");
  expect(hosted).not.toContain("millrace login");
});

test("[SD43] stacks of a bundle name the flow's own lines, and libraries take no room in its source map", async () => {
  mkdirSync(join(folder, "project", "node_modules", "lib"), { recursive: true });
  write("node_modules/lib/package.json", '{"name":"lib","main":"index.js"}');
  write(
    "node_modules/lib/index.js",
    Array.from({ length: 500 }, (_, at) => `exports.f${at} = () => ${at};`).join("\n"),
  );
  const path = write(
    "flows.ts",
    'import lib from "lib";\n\nexport const fail = () => { throw new Error(String(lib.f1())); };',
  );
  const text = Buffer.from((await bundleFile(path, { hosted: true })).bytes).toString();
  const map = JSON.parse(Buffer.from(text.split(";base64,").at(-1) as string, "base64").toString());
  expect(map.sources).toContain("../flows.ts");
  expect(map.mappings.length).toBeLessThan(2000);
});

test("[SD44] CommonJS inside, and a require or __dirname of one's own, do no harm", async () => {
  write(
    "old.cjs",
    'const path = require("node:path"); module.exports = { base: path.basename("/a/b"), dir: typeof __dirname };',
  );
  const path = write(
    "flows.ts",
    `import { createRequire } from "node:module"; import { flow } from SDK; import old from "./old.cjs";
     const require = createRequire(import.meta.url); const __dirname = "mine";
     export const f = flow("f", () => [old.base, old.dir, __dirname, typeof require("node:os").EOL]);`,
  );
  const { flows } = await loadFlows(await bundleFile(path, { hosted: true }), path);
  expect((flows[0]!.fn as () => unknown)()).toEqual(["b", "string", "mine", "string"]);
});

test("[SD45] what cannot be bundled is told with file, line and what to do", async () => {
  const missing = write("missing.ts", 'import "./nowhere.ts";');
  await expect(bundleFile(missing, { hosted: true })).rejects.toThrow(/missing\.ts:1:7: Could not resolve/);
  writeFileSync(join(folder, "project", "addon.node"), "");
  const native = write("native.ts", 'import "./addon.node";');
  await expect(bundleFile(native, { hosted: true })).rejects.toThrow("--external");
  await expect(bundleFile(join(folder, "absent.ts"), { hosted: true })).rejects.toThrow("There is no file");
});
