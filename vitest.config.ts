/**
 * The test projects. Unit tests lie beside their files; what crosses rooms lies in test/, a project per folder.
 * `npm test` runs them all through test/run.ts; one alone: `npm run test:unit`, or `npx vitest run --project unit`.
 */
import { fileURLToPath } from "node:url";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";

const root = fileURLToPath(new URL(".", import.meta.url));

/** A project that talks to a whole running service: files one after another, and room for a slow machine. */
function service(name: string, folder: string): TestProjectInlineConfiguration {
  return {
    extends: false,
    test: {
      name,
      root,
      include: [`test/${folder}/**/*.test.ts`],
      globalSetup: ["test/support/built.ts"],
      fileParallelism: false,
      testTimeout: 120_000,
      hookTimeout: 180_000,
    },
  };
}

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
      "test/{gates,support}/**/*.test.ts",
    ],
    testTimeout: 30_000,
  },
};

const workerd: TestProjectInlineConfiguration = {
  extends: false,
  plugins: [
    cloudflareTest(async () => ({
      wrangler: { configPath: "./wrangler.toml" },
      miniflare: {
        bindings: {
          DIRECTORY_MIGRATIONS: await readD1Migrations("migrations/directory"),
          SHARD_MIGRATIONS: await readD1Migrations("migrations/shard"),
        },
        serviceBindings: { WEB: () => new Response("the web app is not part of this test", { status: 501 }) },
      },
    })),
  ],
  test: {
    name: "workerd",
    root,
    include: ["durable-objects/**/*.test.ts", "workers/**/*.test.ts"],
    exclude: ["workers/local/**"],
    testTimeout: 30_000,
  },
};

export default defineConfig({
  test: {
    projects: [
      unit,
      workerd,
      service("host", "host"),
      service("conformance", "conformance"),
      service("client", "client"),
      service("tenancy", "tenancy"),
      service("browser", "end-to-end"),
      service("agent", "agent"),
      service("faults", "faults"),
    ],
  },
});
