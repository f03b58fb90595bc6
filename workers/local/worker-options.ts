/**
 * The Workers of one machine, as miniflare's options: the service's own with every binding of wrangler.toml, the web
 * app, and the control worker. Pure: files are read by whoever calls.
 */
import type { V4MiniflareOptions } from "miniflare";
import type { WranglerConfig } from "./wrangler-config.ts";

export interface WorkerInputs {
  config: WranglerConfig;
  script: string;
  /** Values that only this host knows: secrets and settings. */
  bindings: Record<string, string>;
  host: string;
  port: number;
  web: { config: WranglerConfig; script: string; assets: string };
  control: { script: string; secret: string };
}

type Workers = Extract<V4MiniflareOptions, { workers: unknown }>["workers"];

export const CONTROL = "control";

const moduleOf = (path: string, contents: string): { type: "ESModule"; path: string; contents: string }[] => [
  { type: "ESModule", path, contents },
];

const record = <T, V>(list: readonly T[], entry: (one: T) => [string, V]): Record<string, V> =>
  Object.fromEntries(list.map(entry));

/** The service, its pages and the control worker, in this order: requests without a name go to the first. */
export function workersOf(inputs: WorkerInputs): Workers {
  const { config, web, control } = inputs;
  return [
    {
      name: config.name,
      modules: moduleOf("main.mjs", inputs.script),
      compatibilityDate: config.compatibilityDate,
      compatibilityFlags: config.compatibilityFlags,
      bindings: { ...config.vars, ...inputs.bindings },
      durableObjects: record(config.objects, ({ binding, className }) => [binding, { className, useSQLite: true }]),
      d1Databases: databasesOf(config),
      queueProducers: record(config.producers, ({ binding, queue }) => [binding, queue]),
      queueConsumers: record(config.consumers, ({ queue, ...rest }) => [queue, rest]),
      r2Buckets: record(config.buckets, ({ binding, bucket }) => [binding, bucket]),
      serviceBindings: servicesOf(config, web.config.name),
      // The public address is workerd's own socket: requests do not pass miniflare's entry, which costs three times
      // as much as an empty request.
      unsafeDirectSockets: [{ host: inputs.host, port: inputs.port }],
    },
    {
      name: web.config.name,
      modules: moduleOf("web.mjs", web.script),
      compatibilityDate: web.config.compatibilityDate,
      compatibilityFlags: web.config.compatibilityFlags,
      bindings: web.config.vars,
      serviceBindings: servicesOf(web.config, config.name),
      assets: {
        directory: web.assets,
        binding: "ASSETS",
        routerConfig: { has_user_worker: true },
        assetConfig: {
          headers: {
            version: 2,
            rules: { "/_app/immutable/*": { set: { "cache-control": "public, immutable, max-age=31536000" } } },
          },
        },
      },
    },
    {
      name: CONTROL,
      modules: moduleOf("control.mjs", control.script),
      compatibilityDate: config.compatibilityDate,
      compatibilityFlags: ["service_binding_extra_handlers"],
      bindings: { CONTROL_SECRET: control.secret },
      d1Databases: databasesOf(config),
      serviceBindings: { WORKER: config.name, BOOTSTRAP: { name: config.name, entrypoint: "Bootstrap" } },
      unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
    },
  ];
}

const databasesOf = (config: WranglerConfig): Record<string, string> =>
  record(config.databases, ({ binding, id }) => [binding, id]);

/** The bindings to the one other Worker that runs here. One to anything else is refused. */
function servicesOf({ name, services }: WranglerConfig, here: string): Record<string, string> {
  for (const { binding, service } of services)
    if (service !== here) throw new Error(`${name} binds ${binding} to ${service}, which workers/local does not run.`);
  return record(services, ({ binding, service }) => [binding, service]);
}
