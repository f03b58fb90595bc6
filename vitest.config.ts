/**
 * The test projects. Unit tests lie beside their files; what crosses rooms lies in test/, a project per folder.
 * `npm test` runs them all through test/run.ts; one alone: `npm run test:unit`, or `npx vitest run --project unit`.
 */
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const root = fileURLToPath(new URL(".", import.meta.url));

/** A project that talks to a whole running service: files one after another, and room for a slow machine. */
function service(name: string, folder: string, setups: string[] = []): TestProjectInlineConfiguration {
  return {
    extends: false,
    test: {
      name,
      root,
      include: [`test/${folder}/**/*.test.ts`],
      globalSetup: ["test/support/built.ts", ...setups],
      fileParallelism: false,
      testTimeout: 120_000,
      hookTimeout: 180_000,
    },
  };
}

/** Tests of server files that need nothing of the Workers runtime: Node starts them faster. */
const WITHOUT_RUNTIME = [
  "durable-objects/{addresses,slots}.test.ts",
  "durable-objects/concurrency-limit/ledger.test.ts",
  "durable-objects/background-tasks/desk.test.ts",
  "durable-objects/kit/{alarms,cold-store,gather,json-schema,release,remembered}.test.ts",
  "workers/api/{body,run-ids,sql-filter}.test.ts",
  "workers/auth/{hook-signatures,keys}.test.ts",
  "workers/channels/{crowd,inbox}.test.ts",
];

/** A private Ed25519 key as a JWK, as a server's secrets hold it. */
function signingKey(kid: string): object {
  return { ...generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" }), kid, alg: "EdDSA", use: "sig" };
}

/** A key that wraps the keys of workspaces, as a server's secrets hold it. */
const secretsKey = (kid: string): object => ({ kid, k: randomBytes(32).toString("base64url") });

const unit: TestProjectInlineConfiguration = {
  extends: false,
  test: {
    name: "unit",
    root,
    include: [
      "domain/**/*.test.ts",
      "contract/**/*.test.ts",
      "migrations/**/*.test.ts",
      "agent/**/*.test.ts",
      "web/src/**/*.test.ts",
      "workers/local/**/*.test.ts",
      "bench/**/*.test.ts",
      ...WITHOUT_RUNTIME,
      "test/{gates,support}/**/*.test.ts",
    ],
    // A process for each file took half of the time. These files share nothing but what is pure.
    isolate: false,
    testTimeout: 30_000,
  },
};

const workerd: TestProjectInlineConfiguration = {
  extends: false,
  resolve: {
    alias: [],
  },
  plugins: [
    cloudflareTest(async () => ({
      wrangler: { configPath: "./wrangler.toml" },
      miniflare: {
        bindings: {
          DIRECTORY_MIGRATIONS: await readD1Migrations("migrations/directory"),
          SHARD_MIGRATIONS: await readD1Migrations("migrations/shard"),
          KEY_PEPPER: "a pepper that no server has",
          SIGNING_KEYS: JSON.stringify([signingKey("newest"), signingKey("older")]),
          SECRETS_KEYS: JSON.stringify([secretsKey("newest"), secretsKey("older")]),
          LOCAL_SIGN_IN: "1",
        },
        serviceBindings: { WEB: () => new Response("the web app is not part of this test", { status: 501 }) },
      },
    })),
  ],
  test: {
    name: "workerd",
    root,
    include: ["durable-objects/**/*.test.ts", "workers/**/*.test.ts"],
    exclude: ["workers/local/**", ...WITHOUT_RUNTIME],
    setupFiles: ["test/workerd/migrated.ts"],
    // Files run one after another in one runtime: starting one for each took most of the time. Every test makes its own tenants.
    isolate: false,
    testTimeout: 30_000,
  },
};

/** The same where a file waits for most of its time, for a kill, a lease or a poll, while another computes: two at a time. */
function sideBySide(name: string, folder: string, setups: string[] = []): TestProjectInlineConfiguration {
  const project = service(name, folder, setups);
  return { ...project, test: { ...project.test, fileParallelism: true, maxWorkers: 2 } };
}

/** Files that wait for minutes, and compute little: what else there is runs beside them, if they begin first. */
const WAITING = /\/test\/faults\/kills\.test\.ts$/;

class WaitingFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const waits = ({ moduleId }: TestSpecification) => WAITING.test(moduleId);
    return [...sorted.filter(waits), ...sorted.filter((file) => !waits(file))];
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: WaitingFirst },
    projects: [
      unit,
      workerd,
      service("host", "host"),
      service("conformance", "conformance"),
      sideBySide("client", "client"),
      sideBySide("tenancy", "tenancy"),
      sideBySide("browser", "end-to-end", ["test/end-to-end/one-server.ts"]),
      sideBySide("agent", "agent"),
      sideBySide("faults", "faults"),
    ],
  },
});
