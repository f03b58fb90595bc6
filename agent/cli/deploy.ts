import type { JsonObject } from "@millrace/domain/json.ts";
import type { Deployed, DeployOptions } from "../sdk/deploy/options.ts";
import { parameterSchema } from "../sdk/input.ts";
import { apiOf } from "./api.ts";
import type { Call, CommandSpec } from "./command.ts";
import { chooseFlow, readFlowRef } from "./flow-ref.ts";
import { PARAM_OPTION, readParameters } from "./parameters.ts";
import { usage } from "./problem.ts";
import { timesOf, WHEN } from "./schedules.ts";

export const command: CommandSpec = {
  description: "Bundles flows with all that they import, stores the bundle, and makes or updates a deployment of each.",
  examples: [
    "millrace deploy flows.ts --pool default",
    "millrace deploy flows.ts:ingest --name nightly --pool default -p locale=fr",
    'millrace deploy flows.ts:ingest --pool default --cron "0 2 * * *" --timezone Europe/Paris --concurrency-limit 1',
    "millrace deploy flows/*.ts --pool default --env REGION=eu --on-agent-lost reclaim",
  ],
  positionals: ["<file[:flow]>", "[file...]"],
  options: {
    pool: {
      type: "string",
      value: "NAME",
      description: "the pool whose agents run it; else the one it has",
      env: "MILLRACE_POOL",
      names: "pool",
    },
    queue: { type: "string", value: "NAME", description: "the queue of the pool" },
    name: { type: "string", value: "NAME", description: "the deployment's name: default" },
    param: { ...PARAM_OPTION, description: "a parameter that runs have where their caller gives none" },
    ...WHEN,
    "concurrency-limit": { type: "string", value: "N", description: "how many of its runs may be under way at once" },
    "on-collision": {
      type: "string",
      value: "WHAT",
      description: "what becomes of a run too many: enqueue",
      values: ["enqueue", "cancel-new"],
    },
    tag: { type: "string", multiple: true, value: "TAG", description: "a tag of its runs" },
    env: { type: "string", multiple: true, value: "NAME=VALUE", description: "a variable of its runs' environment" },
    "on-agent-lost": {
      type: "string",
      value: "WHAT",
      description: "crash the run, or let another agent reclaim it: crash",
      values: ["crash", "reclaim"],
    },
    external: { type: "string", multiple: true, value: "PACKAGE", description: "a package that cannot be bundled" },
    description: { type: "string", description: "what people read about it" },
    version: { type: "string", description: "its version" },
  },
  async run(call) {
    const { bundleFile } = await import("../sdk/deploy/bundle.ts");
    const { loadFlows } = await import("../sdk/deploy/load-flows.ts");
    const { deployFlow } = await import("../sdk/deploy/deploy-flow.ts");
    const jobVariables = readJobVariables(call);
    const times = timesOf(call);
    const bound = readBound(call);
    const { call: api } = await apiOf(call);
    const deployed: Deployed[] = [];
    for (const given of call.args) {
      const ref = readFlowRef(given);
      const bundle = await bundleFile(ref.file, { external: call.texts("external"), hosted: true });
      const loaded = await loadFlows(bundle, ref.file);
      for (const flow of ref.flow === null ? loaded.flows : [chooseFlow(loaded, ref)]) {
        const done = await deployFlow(api, flow, bundle, {
          name: call.text("name") ?? "default",
          workPool: call.text("pool"),
          queue: call.text("queue"),
          parameters: readParameters(call.texts("param"), parameterSchema(flow.input)),
          ...(call.texts("tag").length > 0 && { tags: call.texts("tag") }),
          description: call.text("description"),
          version: call.text("version"),
          jobVariables,
          ...(times && { schedules: [times] }),
          ...bound,
        });
        deployed.push(done);
      }
    }
    call.out.list({
      rows: deployed,
      columns: {
        id: { title: "ID", of: (row) => row.id },
        name: { title: "DEPLOYMENT", of: (row) => row.name },
        bundle: { title: "BUNDLE", of: (row) => row.sha256 },
        size: { title: "BYTES", of: (row) => row.size },
        pool: { title: "POOL", of: (row) => row.pool },
      },
      name: (row) => row.name,
      empty: "Nothing was deployed.",
    });
    for (const { name, pool } of deployed)
      if (pool === null)
        call.out.complain(`${name} has no work pool: no agent takes its runs. Give it one with --pool.`);
    const [first] = deployed;
    if (first && call.out.format === "table") call.out.say(`\nRun it: millrace deployment run ${first.name} --watch`);
    return undefined;
  },
};

function readBound(call: Call): Pick<DeployOptions, "concurrency"> {
  const text = call.text("concurrency-limit");
  const policy = call.text("on-collision");
  if (policy !== undefined && policy !== "enqueue" && policy !== "cancel-new")
    throw usage(`--on-collision is enqueue or cancel-new, not "${policy}".`, "--on-collision");
  if (text === undefined) {
    if (policy !== undefined) throw usage("--on-collision belongs to --concurrency-limit.", "--on-collision");
    return {};
  }
  const limit = Number(text);
  if (!Number.isSafeInteger(limit) || limit < 1)
    throw usage(`--concurrency-limit is a whole number from 1, not "${text}".`, "--concurrency-limit");
  return { concurrency: { limit, ...(policy && { onCollision: policy }) } };
}

function readJobVariables(call: Call): JsonObject {
  const variables: JsonObject = {};
  const env: JsonObject = {};
  for (const pair of call.texts("env")) {
    const at = pair.indexOf("=");
    if (at <= 0) throw usage(`"${pair}" is no variable; write it like --env NAME=value.`, "--env");
    env[pair.slice(0, at)] = pair.slice(at + 1);
  }
  if (Object.keys(env).length > 0) variables.env = env;
  const policy = call.text("on-agent-lost");
  if (policy !== undefined) {
    if (policy !== "crash" && policy !== "reclaim")
      throw usage(`--on-agent-lost is crash or reclaim, not "${policy}".`, "--on-agent-lost");
    variables.on_agent_lost = policy;
  }
  return variables;
}
