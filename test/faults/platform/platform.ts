/**
 * A Cloudflare for one simulation: the service's own classes over hosts, network, queue and database of the simulation.
 * What is called here is the code that is deployed (service.ts says what is not).
 */
import type { App } from "../../../workers/api/serve.ts";
import type { Env } from "../../../workers/env.ts";
import { SimulatedDatabase, type Tables } from "./database.ts";
import { liveIn } from "./globals.ts";
import { Life } from "./life.ts";
import { copy, Network } from "./network.ts";
import { type ObjectClass, ObjectHost, type Witness } from "./object-host.ts";
import { type Batch, SimulatedQueue } from "./queue.ts";
import type { Dice } from "./random.ts";
import type { Service } from "./service.ts";
import { Time } from "./time.ts";
import type { Weather } from "./weather.ts";

const CLASSES = {
  FLOW_RUN: "FlowRun",
  WORK_POOL: "WorkPool",
  EVENT_HUB: "EventHub",
  CONCURRENCY_LIMIT: "ConcurrencyLimit",
  DEPLOYMENT: "Deployment",
  BACKGROUND_TASKS: "BackgroundTasks",
} as const;
type Binding = keyof typeof CLASSES;

export const KEY_PEPPER = "simulated";
const SIGNING_KEYS = JSON.stringify([{ kid: "simulated" }]);
/** What those wait for who live no more. */
const NEVER = new Promise<never>(() => {});
/** Milliseconds between two calls of the scheduled handler. */
const MINUTE = 60_000;

export interface PlatformOptions {
  /** Starts a machine: the service's code with nothing in its memory. */
  start: () => Service;
  dice: Dice;
  weather: Weather;
  tables: Tables;
  /** Whether objects of ended runs are released early, as on one machine. */
  releases: boolean;
  witness: Witness;
  /** Hears of failures that nobody has handled. */
  complain: (error: unknown) => void;
}

export class Platform {
  readonly time = new Time();
  readonly network: Network;
  readonly queue: SimulatedQueue;
  readonly database: SimulatedDatabase;
  readonly hosts = new Map<string, ObjectHost>();
  readonly #options: PlatformOptions;
  #service: Service;
  #api: App | null = null;

  constructor(options: PlatformOptions) {
    this.#options = options;
    this.#service = options.start();
    liveIn(this.time, options.complain);
    this.network = new Network(this.time, options.dice, options.weather);
    this.database = new SimulatedDatabase(options.tables, this.network);
    this.queue = new SimulatedQueue("millrace-dispatch", this.network, (batch) => this.#consume(batch));
    this.#sweepEachMinute();
  }

  /** The object of a binding and a name, whether or not it lives. */
  host(binding: Binding, name: string): ObjectHost {
    const key = `${binding}/${name}`;
    let host = this.hosts.get(key);
    if (!host) {
      const { network } = this;
      const { witness } = this.#options;
      const classOf = () => this.#service[CLASSES[binding]] as unknown as ObjectClass;
      host = new ObjectHost(key, classOf, { network, env: (life) => this.env(life), witness });
      this.hosts.set(key, host);
    }
    return host;
  }

  /** The bindings, for one who lives. `mayRepeat`: its calls are requests of a client, which may be made twice. */
  env(life: Life, { mayRepeat = false } = {}): Env {
    const namespace = (binding: Binding) => ({
      getByName: (name: string) =>
        new Proxy(
          {},
          {
            get:
              (_, method: string) =>
              (...args: unknown[]) => {
                if (!this.#passes(life, `calls ${CLASSES[binding]}.${method}`)) return NEVER;
                // What is sent is what it was when it was sent.
                const sent = args.map(copy);
                return this.network.call(life, name, () => this.host(binding, name).deliver(method, sent), {
                  mayRepeat,
                });
              },
          },
        ),
    });
    return {
      FLOW_RUN: namespace("FLOW_RUN"),
      WORK_POOL: namespace("WORK_POOL"),
      EVENT_HUB: namespace("EVENT_HUB"),
      CONCURRENCY_LIMIT: namespace("CONCURRENCY_LIMIT"),
      DEPLOYMENT: namespace("DEPLOYMENT"),
      BACKGROUND_TASKS: namespace("BACKGROUND_TASKS"),
      DISPATCH: {
        send: (message: unknown) =>
          this.#passes(life, "sends to the queue")
            ? this.network.call(life, "the queue", () => this.queue.send(message))
            : NEVER,
      },
      SHARD_0: this.database,
      SHARD_1: { prepare: () => ({ bind: () => ({ all: async () => ({ results: [] }) }) }) },
      SIGNING_KEYS,
      KEY_PEPPER,
      ...(this.#options.releases && { RELEASE_ENDED_RUNS: "1" }),
    } as unknown as Env;
  }

  /** Whether whoever is about to do something lives on to do it. */
  #passes(life: Life, what: string): boolean {
    if (life.alive) this.#options.witness.at?.(life.name, what);
    return life.alive;
  }

  /** The end of the machine: whatever lives in it. */
  crashAll(): void {
    for (const host of this.hosts.values()) host.crash("the machine stopped");
    this.#service = this.#options.start();
    this.#api = null;
  }

  /** A client's request to the API, which a Worker answers that lives as long as it takes. */
  request<T>(client: Life, handle: (service: Service, env: Env) => Promise<T>): Promise<T> {
    const answer = () => this.#work(`request of ${client.name}`, (env) => handle(this.#service, env));
    return this.network.call(client, "the API", answer, { mayRepeat: true });
  }

  /** A request over HTTP, where the service has its API. What it leaves to be done afterwards goes on after the answer. */
  async fetch(request: Request): Promise<Response> {
    const life = new Life("request");
    const afterwards: Promise<unknown>[] = [];
    this.#api ??= this.#service.makeApi?.() ?? null;
    const context = { waitUntil: (work: Promise<unknown>) => afterwards.push(work), passThroughOnException: () => {} };
    const answer = await life.run(() => this.#api?.fetch(request, this.env(life), context as never));
    void Promise.allSettled(afterwards).then(() => life.end());
    if (!answer) throw new Error("This service has no API.");
    return answer;
  }

  async #work<T>(name: string, work: (env: Env) => Promise<T>): Promise<T> {
    const life = new Life(name);
    try {
      return await life.run(() => work(this.env(life)));
    } finally {
      life.end();
    }
  }

  #consume(batch: Batch): Promise<void> {
    const { dispatch, keepDeadLetters } = this.#service;
    const consumer = batch.queue.endsWith("-dead") ? keepDeadLetters : dispatch;
    return this.#work("consumer", (env) => consumer(batch as unknown as MessageBatch, env));
  }

  #sweepEachMinute(): void {
    this.time.after(MINUTE, () => {
      this.#sweepEachMinute();
      // A sweep that meets a fault is made again in a minute.
      this.#work("sweep", this.#service.sweepLiveRuns).catch(() => {});
    });
  }
}
