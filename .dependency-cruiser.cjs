/**
 * The arrows between the rooms: domain ← contract ← durable-objects ← workers, with migrations below the last two;
 * web and agent beside them. `npm run test:arrows` checks them; docs/contributing.md says where a thing belongs.
 *
 * Two gates the imports do not show (who names an object's namespace, rule ids) are in test/gates/.
 */
const TEST = "\\.test\\.ts$";
const ROOMS = "^(domain|contract|migrations|durable-objects|workers|web|agent|test|bench)/";
/** Parts of Node that workerd has too. */
const ALSO_IN_WORKERD = ["^(node:)?async_hooks$", "^(node:)?crypto$"];

/** A room may import itself and `below`; of npm only `packages` (all when absent); Node's modules only with `node`. */
function room(name, below, { packages, node = false, comment }) {
  const from = { path: `^${name}/`, pathNot: [TEST] };
  const rules = [
    {
      name: `${name}-rooms`,
      comment,
      severity: "error",
      from,
      to: { path: ROOMS, pathNot: [name, ...below].map((folder) => `^${folder}/`) },
    },
  ];
  if (!node) {
    rules.push({
      name: `${name}-no-node`,
      comment: `${name} does not run in Node alone.`,
      severity: "error",
      from,
      to: { dependencyTypes: ["core"], pathNot: ALSO_IN_WORKERD },
    });
  }
  if (packages) {
    rules.push({
      name: `${name}-packages`,
      comment: `${name} uses ${packages.join(", ") || "no package"} of npm.`,
      severity: "error",
      from,
      to: { path: "^node_modules/", pathNot: packages.map((one) => `^node_modules/${one}/`) },
    });
  }
  return rules;
}

module.exports = {
  forbidden: [
    ...room("domain", [], {
      packages: [],
      comment: "domain is what is true, whoever asks: it imports nothing but itself; clock and ids are arguments.",
    }),
    ...room("contract", ["domain"], {
      packages: ["zod"],
      comment: "contract is the wire: it knows domain and zod, and neither servers nor clients.",
    }),
    ...room("migrations", ["domain"], {
      node: true,
      comment: "migrations describe tables; they know no code of the service.",
    }),
    ...room("durable-objects", ["contract", "domain", "migrations"], {
      comment: "Objects know the wire, the domain and their tables, and nothing of the Worker in front of them.",
    }),
    ...room("workers", ["durable-objects", "contract", "domain", "migrations"], {
      node: true,
      comment: "The Worker is the composition root: it reaches down, and nothing reaches up to it.",
    }),
    {
      name: "workers-no-node",
      comment: "The Worker runs in workerd; only workers/local runs in Node.",
      severity: "error",
      from: { path: "^workers/", pathNot: [TEST, "^workers/local/"] },
      to: { dependencyTypes: ["core"], pathNot: ALSO_IN_WORKERD },
    },
    {
      name: "local-host-stands-alone",
      comment: "workers/local is Node and starts the bundle; the bundle must not reach into it.",
      severity: "error",
      from: { path: "^(workers|durable-objects)/", pathNot: [TEST, "^workers/local/"] },
      to: { path: "^workers/local/" },
    },
    ...room("web", ["contract", "domain"], {
      node: true,
      comment: "The web app reaches the service through its API: contract and domain, never the server's rooms.",
    }),
    {
      name: "web-takes-types-of-the-contract",
      comment:
        "Of contract the web app may run client.ts alone: zod would be 93 KB in a browser. Use `import type` for the rest.",
      severity: "error",
      from: { path: "^web/", pathNot: [TEST] },
      to: { path: "^contract/", pathNot: ["^contract/client\\.ts$"], dependencyTypesNot: ["type-only"] },
    },
    ...room("agent", ["contract", "domain"], {
      node: true,
      comment: "The agent is what customers install: it knows the wire and the domain, never the server.",
    }),
    {
      name: "objects-by-their-rpc",
      comment: "Of an object's folder others import rpc.ts alone: its class and tables are its own.",
      severity: "error",
      from: { path: "^(?!test/)", pathNot: [TEST, "^durable-objects/", "^workers/main\\.ts$"] },
      to: { path: "^durable-objects/[^/]+/", pathNot: ["^durable-objects/kit/", "^durable-objects/[^/]+/rpc\\.ts$"] },
    },
    {
      name: "objects-by-each-others-rpc",
      comment: "An object imports of another one's folder rpc.ts alone.",
      severity: "error",
      from: { path: "^durable-objects/([^/]+)/", pathNot: [TEST] },
      to: {
        path: "^durable-objects/[^/]+/",
        pathNot: ["^durable-objects/$1/", "^durable-objects/kit/", "^durable-objects/[^/]+/rpc\\.ts$"],
      },
    },
    {
      name: "address-book-by-rpc",
      comment: "addresses.ts and its neighbours name the interface of an object, not its class.",
      severity: "error",
      from: { path: "^durable-objects/[^/]+\\.ts$", pathNot: [TEST] },
      to: { path: "^durable-objects/[^/]+/", pathNot: ["^durable-objects/kit/", "^durable-objects/[^/]+/rpc\\.ts$"] },
    },
    {
      name: "kit-knows-no-object",
      comment: "kit is below the objects.",
      severity: "error",
      from: { path: "^durable-objects/kit/", pathNot: [TEST] },
      to: { path: "^durable-objects/", pathNot: ["^durable-objects/kit/"] },
    },
    {
      name: "no-cycles",
      comment: "Two files that need each other are one idea: put them in one file, or find the third.",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "no-test-imported",
      comment: "A test file holds tests; what two of them need goes into a file of its own.",
      severity: "error",
      from: {},
      to: { path: TEST },
    },
    {
      name: "no-test-room-in-production",
      comment: "test/ is for tests alone.",
      severity: "error",
      from: { path: "^(domain|contract|migrations|durable-objects|workers|web|agent)/", pathNot: [TEST] },
      to: { path: "^test/" },
    },
    {
      name: "resolvable",
      comment: "An import that leads nowhere.",
      severity: "error",
      from: {},
      to: {
        couldNotResolve: true,
        pathNot: ["^cloudflare:", "^virtual:", "^\\$(app|env|lib|service-worker)", "^\\./\\$types"],
      },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)(dist|\\.svelte-kit|\\.wrangler|test-output|\\.millrace)/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.base.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["millrace-source", "workerd", "import", "default"],
      extensions: [".ts", ".js", ".mjs", ".cjs", ".svelte", ".d.ts", ".json"],
    },
  },
};
