/**
 * What wrangler.toml says, as far as one machine needs it. The bindings of the Worker are said there and nowhere else;
 * what this file does not know how to give is refused by name, so that the two hosts cannot drift apart in silence.
 */
import { parse } from "smol-toml";

export interface WranglerConfig {
  name: string;
  main: string;
  compatibilityDate: string;
  compatibilityFlags: string[];
  vars: Record<string, string>;
  services: { binding: string; service: string }[];
  objects: { binding: string; className: string }[];
  databases: { binding: string; id: string; migrations: string }[];
  producers: { binding: string; queue: string }[];
  consumers: Consumer[];
  buckets: { binding: string; bucket: string }[];
  crons: string[];
}

export interface Consumer {
  queue: string;
  maxBatchSize?: number;
  maxBatchTimeout?: number;
  maxRetries?: number;
  deadLetterQueue?: string;
  retryDelay?: number;
}

/** Keys with nothing for this host to do. */
const ELSEWHERE = [
  "keep_names",
  "observability",
  "migrations",
  "routes",
  "workers_dev",
  "placement",
  "limits",
  "pages_build_output_dir",
];

interface Toml {
  name: string;
  main?: string;
  compatibility_date: string;
  compatibility_flags?: string[];
  vars?: Record<string, string>;
  services?: { binding: string; service: string }[];
  durable_objects?: { bindings: { name: string; class_name: string }[] };
  migrations?: { new_sqlite_classes?: string[] }[];
  d1_databases?: { binding: string; database_id: string; migrations_dir: string }[];
  queues?: {
    producers?: { binding: string; queue: string }[];
    consumers?: {
      queue: string;
      max_batch_size?: number;
      max_batch_timeout?: number;
      max_retries?: number;
      dead_letter_queue?: string;
      retry_delay?: number;
    }[];
  };
  r2_buckets?: { binding: string; bucket_name: string }[];
  triggers?: { crons?: string[] };
}

const KNOWN = [
  "name",
  "main",
  "compatibility_date",
  "compatibility_flags",
  "vars",
  "services",
  "durable_objects",
  "d1_databases",
  "queues",
  "r2_buckets",
  "triggers",
];

/** Reads the text of a wrangler.toml. Throws on a binding that this host cannot give. */
export function readWrangler(text: string): WranglerConfig {
  const toml = parse(text) as unknown as Toml;
  const unknown = Object.keys(toml).filter((key) => !KNOWN.includes(key) && !ELSEWHERE.includes(key));
  if (unknown.length > 0)
    throw new Error(`wrangler.toml has ${unknown.join(", ")}, which workers/local cannot give the Worker yet.`);
  const objects = (toml.durable_objects?.bindings ?? []).map(({ name, class_name }) => ({
    binding: name,
    className: class_name,
  }));
  const sqlite = (toml.migrations ?? []).flatMap(({ new_sqlite_classes }) => new_sqlite_classes ?? []);
  for (const { className } of objects)
    if (!sqlite.includes(className))
      throw new Error(`wrangler.toml binds ${className}, which no migration makes a SQLite class.`);
  return {
    name: toml.name,
    main: toml.main ?? "",
    compatibilityDate: toml.compatibility_date,
    compatibilityFlags: toml.compatibility_flags ?? [],
    vars: toml.vars ?? {},
    services: (toml.services ?? []).map(({ binding, service }) => ({ binding, service })),
    objects,
    databases: (toml.d1_databases ?? []).map((one) => ({
      binding: one.binding,
      id: one.database_id,
      migrations: one.migrations_dir,
    })),
    producers: (toml.queues?.producers ?? []).map(({ binding, queue }) => ({ binding, queue })),
    consumers: (toml.queues?.consumers ?? []).map((one) => ({
      queue: one.queue,
      maxBatchSize: one.max_batch_size,
      maxBatchTimeout: one.max_batch_timeout,
      maxRetries: one.max_retries,
      deadLetterQueue: one.dead_letter_queue,
      retryDelay: one.retry_delay,
    })),
    buckets: (toml.r2_buckets ?? []).map(({ binding, bucket_name }) => ({ binding, bucket: bucket_name })),
    crons: toml.triggers?.crons ?? [],
  };
}
