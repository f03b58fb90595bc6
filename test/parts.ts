/**
 * The parts of the test command. A part is a static gate (one command per step, counted as one test) or a vitest
 * project (each of its tests counts). Parts whose subject is not there are left out, never passed.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { files, ROOT } from "./gates/tree.ts";

export interface Part {
  name: string;
  /** Commands, one after another. For a vitest project there is none. */
  steps?: readonly Step[];
  /** Whether the first step that fails ends the part; otherwise all are tried and all failures shown. */
  stopAtFirst?: boolean;
  /** The name of a vitest project. */
  project?: string;
  /** Whether there is anything to test. */
  present: () => boolean;
  /** Needs what `build` leaves behind, so it starts after it when both are asked for. */
  needsBuild?: boolean;
  /** Why tests of the part may be left out on a machine: shown in place of their names. */
  leftOutWhen?: string;
  /** Longest time in seconds; past it the part is killed and has failed. */
  limit: number;
}

export interface Step {
  argv: readonly string[];
  /** Folder relative to the root. */
  cwd?: string;
}

/** Seconds that a part may take which starts the service: on a quiet machine it takes less than half of them. */
const LONG = 900;

const always = () => true;
const node = (...args: string[]): Step => ({ argv: [process.execPath, ...args] });
const bin = (name: string, ...args: string[]): Step => ({ argv: [join(ROOT, "node_modules/.bin", name), ...args] });
const inWeb = (step: Step): Step => ({ ...step, cwd: "web" });
const has = (pattern: RegExp) => files((path) => pattern.test(path)).length > 0;
const exists = (path: string) => existsSync(join(ROOT, path));

const ROOMS = [
  "domain",
  "contract",
  "migrations",
  "durable-objects",
  "workers",
  "web",
  "agent",
  "examples",
  "test",
  "bench",
];

/** What was checked before is not checked again while nothing that it depends on has changed. */
function remembering(config: string): string[] {
  return ["--incremental", "--tsBuildInfoFile", `node_modules/.cache/types/${config.replaceAll("/", "-")}buildinfo`];
}

function typeSteps(): Step[] {
  const worlds: [string, RegExp][] = [
    ["domain/tsconfig.json", /^domain\/.*\.ts$/],
    ["contract/tsconfig.json", /^contract\/.*\.ts$/],
    ["tsconfig.json", /^(workers\/(?!local\/)|durable-objects\/|migrations\/).*\.ts$/],
    ["test/tsconfig.workerd.json", /^(workers\/(?!local\/)|durable-objects\/).*\.test\.ts$/],
    ["test/tsconfig.json", /^(test|agent|bench|workers\/local)\/.*\.ts$/],
    ["examples/tsconfig.json", /^examples\/.*\.ts$/],
    ["test/tsconfig.faults.json", /^test\/faults\/.*\.ts$/],
  ];
  const steps = worlds
    .filter(([, sources]) => has(sources))
    .map(([config]) => bin("tsc", "-p", config, ...remembering(config)));
  if (exists("web/svelte.config.js")) {
    steps.push(
      inWeb(bin("svelte-kit", "sync")),
      inWeb(bin("svelte-check", "--tsconfig", "./jsconfig.json", "--fail-on-warnings")),
    );
  }
  return steps;
}

/** drizzle-kit finds nothing to add to the SQL that lies beside each schema. */
function sqlSteps(): Step[] {
  return [node("test/gates/sql.ts")];
}

function buildSteps(): Step[] {
  const steps: Step[] = [node("workers/local/build.ts")];
  if (exists("wrangler.toml")) steps.push(bin("wrangler", "deploy", "--dry-run", "--outdir", "test-output/deploy"));
  return steps;
}

/** All parts, the longest first where that shortens the whole. */
export function parts(): Part[] {
  return [
    { name: "format", steps: [bin("biome", "format", "--reporter=summary", ".")], present: always, limit: 60 },
    { name: "lint", steps: [bin("biome", "lint", "--error-on-warnings", ".")], present: always, limit: 60 },
    { name: "rule-ids", steps: [node("test/gates/main.ts", "rule-ids")], present: always, limit: 60 },
    {
      name: "arrows",
      steps: [
        bin(
          "depcruise",
          "--config",
          ".dependency-cruiser.cjs",
          ...ROOMS.filter((room) => has(new RegExp(`^${room}/.*\\.ts$`))),
        ),
        node("test/gates/main.ts", "addresses"),
      ],
      present: always,
      limit: 120,
    },
    { name: "build", steps: buildSteps(), stopAtFirst: true, present: () => exists("workers/main.ts"), limit: 240 },
    { name: "types", steps: typeSteps(), present: always, limit: 300 },
    { name: "sql", steps: sqlSteps(), present: () => has(/^migrations\/.*schema\.ts$/), limit: 120 },
    ...["client", "browser", "faults", "conformance", "tenancy", "agent", "host"].map(
      (project): Part => ({
        name: project,
        project,
        present: () => has(new RegExp(`^test/${project === "browser" ? "end-to-end" : project}/.*\\.test\\.ts$`)),
        needsBuild: true,
        ...(project === "client" && {
          leftOutWhen: "there is no python3 that can make a virtual environment; with CI=true that is a failure",
        }),
        limit: LONG,
      }),
    ),
    { name: "unit", project: "unit", present: always, limit: 240 },
    {
      name: "workerd",
      project: "workerd",
      present: () => has(/^(durable-objects|workers\/(?!local\/)).*\.test\.ts$/),
      limit: LONG,
    },
  ];
}
