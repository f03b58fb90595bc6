/**
 * Drives an API through a sequence, and tells what it answered in a form that two servers can be compared by: ids and times stand
 * for what they are equal to. `#2`: the third state seen. `s2`: the time of that state. `t3.pause_timeout`: the time that step 3
 * sent. `now+60`: a minute after the request, to half a minute, since servers may be slow.
 */
import type { ProposedState, RunSpec, Sequence, Step } from "./sequence.ts";

export interface Api {
  base: string;
  headers: { [name: string]: string };
  /** A server that is overloaded is asked again. */
  patient: boolean;
  /** What carries requests where that is not the network. */
  fetch?: (request: Request) => Promise<Response>;
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Fields = { [key: string]: Json };

/** What a step led to: the answer, and what of the run it changed. */
export interface Observation {
  /** HTTP status; status of the transition; state in which the run is. */
  answer: string;
  /** Fields of the state that are not as usual, and only of one not seen before. */
  state?: Fields;
  /** Fields of the run that are not as before. */
  run?: Fields;
}

const FLOW_RUN = [
  "run_count",
  "start_time",
  "end_time",
  "expected_start_time",
  "next_scheduled_start_time",
  "total_run_time",
  "infrastructure_pid",
  "empirical_policy",
];
const TASK_RUN = [...FLOW_RUN.slice(0, 6), "flow_run_run_count", "empirical_policy"];
const TRIES = 60;

export async function request(
  api: Api,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; body: Fields }> {
  const init: RequestInit = { method, headers: { ...api.headers, "content-type": "application/json" } };
  if (body !== undefined) init.body = JSON.stringify(body);
  for (let tries = 1; ; tries += 1) {
    const asked = new Request(api.base + path, init);
    const response = await (api.fetch ?? fetch)(asked);
    const text = await response.text();
    const again = api.patient && (response.status === 503 || response.status === 429) && tries < TRIES;
    if (!again) return { status: response.status, body: text === "" ? {} : (JSON.parse(text) as Fields) };
    await new Promise((resolve) => setTimeout(resolve, 200 * Math.random() * tries));
  }
}

async function made(api: Api, path: string, body: unknown): Promise<Fields> {
  const { status, body: answer } = await request(api, "POST", path, body);
  if (status >= 300) throw new Error(`POST ${path} answered ${status}: ${JSON.stringify(answer)}`);
  return answer;
}

/** What all sequences share: a flow, a deployment, and a run whose task runs stand for subflows. */
export interface Ground {
  flow: string;
  deployment: string;
  parent: string;
}

export async function prepare(api: Api): Promise<Ground> {
  const flow = (await made(api, "/flows/", { name: "transitions" })).id as string;
  const deployment = (await made(api, "/deployments/", { name: "plain", flow_id: flow })).id as string;
  const parent = (await made(api, "/flow_runs/", { flow_id: flow, state: { type: "RUNNING" } })).id as string;
  return { flow, deployment, parent };
}

export const drive = (api: Api, ground: Ground, sequence: Sequence, mark: string): Promise<Observation[]> =>
  new Drive(api, ground, sequence, mark).all();

class Drive {
  readonly #api: Api;
  readonly #ground: Ground;
  readonly #sequence: Sequence;
  /** Makes names unique that a server would otherwise share between sequences. */
  readonly #mark: string;
  readonly #states = new Map<string, number>();
  /** What times were called: those that were sent, and those that were seen. */
  readonly #times = new Map<number, string>();
  readonly #entered = new Map<number, string>();
  readonly #before = new Map<string, Fields>();
  /** When the last thing was asked, in milliseconds. */
  #sent = Date.now();

  constructor(api: Api, ground: Ground, sequence: Sequence, mark: string) {
    this.#api = api;
    this.#ground = ground;
    this.#sequence = sequence;
    this.#mark = mark;
  }

  async all(): Promise<Observation[]> {
    const seen: Observation[] = [];
    const { runs, task, steps } = this.#sequence;
    const deployment = await this.#deployment();
    const flowRuns: string[] = [];
    for (const spec of runs) {
      const run = await this.#makeFlowRun(spec, deployment);
      flowRuns.push(run.id as string);
      seen.push(this.#observed("made", `/flow_runs/${run.id}`, run));
    }
    let taskRun = "";
    if (task) {
      const { id, ...rest } = await this.#makeTaskRun(flowRuns[0] as string, task);
      taskRun = id as string;
      seen.push(this.#observed("made", `/task_runs/${id}`, rest));
    }
    for (const [at, step] of steps.entries()) {
      const flowRun = flowRuns[step.run ?? 0] as string;
      const path = step.on === "task" ? `/task_runs/${taskRun}` : `/flow_runs/${flowRun}`;
      seen.push(await this.#step(at, step, path));
    }
    return seen;
  }

  async #step(at: number, step: Step, path: string): Promise<Observation> {
    if (step.on === "pid") {
      const { status } = await request(this.#api, "PATCH", path, { infrastructure_pid: step.pid });
      return this.#read(`${status}`, path, null);
    }
    const state = this.#state(step.state, at);
    const { status, body } = await request(this.#api, "POST", `${path}/set_state`, {
      state,
      force: step.force ?? false,
    });
    if (typeof body.status !== "string") return { answer: `${status}` };
    const details = body.details as Fields;
    const wait = details.delay_seconds === undefined ? "" : ` ${roughly(details.delay_seconds as number)}`;
    return this.#read(`${status} ${body.status}${wait}`, path, body.state as Fields | null);
  }

  async #read(answer: string, path: string, told: Fields | null): Promise<Observation> {
    const count = this.#states.size;
    const state = told === null ? "" : ` ${this.#nameOf(told)}`;
    const fields = told === null || this.#states.size === count ? {} : this.#newState(told);
    const { body } = await request(this.#api, "GET", path);
    const now = body.state as Fields | null;
    // What the answer says and what is read afterwards is one thing.
    const other = told !== null && now?.id !== told.id ? ` but ${now === null ? "none" : this.#nameOf(now)}` : "";
    const observation = this.#observed(answer + state + other, path, body);
    return Object.keys(fields).length > 0 ? { ...observation, state: fields } : observation;
  }

  /** The run's fields that differ from the last time. */
  #observed(answer: string, path: string, run: Fields): Observation {
    const state = run.state as Fields | null;
    const isNew = answer === "made" && state !== null;
    const told = isNew ? `made ${this.#nameOf(state)}` : answer;
    const fields = isNew ? this.#newState(state) : {};
    const names = path.startsWith("/task") ? TASK_RUN : FLOW_RUN;
    const now: Fields = {};
    for (const name of names) now[name] = this.#field(name, run[name] ?? null);
    const before = this.#before.get(path) ?? { run_count: 0, flow_run_run_count: 0, total_run_time: 0 };
    this.#before.set(path, now);
    const changed = names.filter((name) => JSON.stringify(now[name]) !== JSON.stringify(before[name] ?? null));
    return {
      answer: told,
      ...(Object.keys(fields).length > 0 && { state: fields }),
      ...(changed.length > 0 && { run: Object.fromEntries(changed.map((name) => [name, now[name] as Json])) }),
    };
  }

  #field(name: string, value: Json): Json {
    if (name === "total_run_time") return value === 0 ? 0 : "some";
    if (name === "empirical_policy") {
      const { retries, retry_delay, pause_keys, resuming, retry_type } = value as Fields;
      const keys = (pause_keys as string[] | undefined) ?? [];
      const told = keys.map((key) => (/^k\d$/.test(key) ? key : "made")).sort();
      return [retries, JSON.stringify(retry_delay), ...told, resuming ? "resuming" : "", retry_type ?? ""]
        .join(" ")
        .trim();
    }
    return name.endsWith("_time") && typeof value === "string" ? this.#time(value, name) : value;
  }

  /** A state's fields, as far as they are not as usual. Of one that was seen before there is nothing to say. */
  #newState(state: Fields): Fields {
    const fields: Fields = {};
    const details = state.state_details as Fields;
    for (const [name, value] of Object.entries(details)) {
      if (value === null || value === false || name === "flow_run_id" || name === "child_flow_run_id") continue;
      if (name === "task_run_id") continue;
      const text = typeof value === "string" ? value : null;
      if (text !== null && /_(time|timeout|expiration)$/.test(name)) fields[name] = this.#time(text, name);
      else if (name === "deployment_concurrency_lease_id") fields[name] = this.#once(text as string, "lease");
      else fields[name] = text?.startsWith(this.#mark) ? text.slice(this.#mark.length) : value;
    }
    if (state.data !== null && JSON.stringify(state.data) !== '{"type":"unpersisted"}')
      fields.data = state.data as Json;
    const message = state.message as string | null;
    if (message !== null) fields.message = message.startsWith("a message of") ? message : "made";
    return fields;
  }

  #nameOf(state: Fields): string {
    const id = state.id as string;
    if (!this.#states.has(id)) {
      this.#states.set(id, this.#states.size);
      this.#entered.set(micros(state.timestamp as string), `s${this.#states.size - 1}`);
    }
    return `#${this.#states.get(id)} ${state.type} ${state.name}`;
  }

  readonly #ids = new Map<string, string>();
  #once(id: string, what: string): string {
    if (!this.#ids.has(id)) this.#ids.set(id, `${what} ${this.#ids.size}`);
    return this.#ids.get(id) as string;
  }

  /** What a time is equal to. A due time may be, but need not be, the very moment in which its state was entered. */
  #time(text: string, name: string): string {
    const at = micros(text);
    const entered = name === "start_time" || name === "end_time" ? this.#entered.get(at) : undefined;
    if (entered !== undefined) return entered;
    const known = this.#times.get(at);
    if (known !== undefined) return known;
    const seconds = roughly(at / 1e6 - this.#sent / 1000);
    const label = `now${seconds < 0 ? "" : "+"}${seconds}`;
    this.#times.set(at, label);
    return label;
  }

  #state({ type, details, ...rest }: ProposedState, step: number): unknown {
    this.#sent = Date.now();
    const sent: Fields = {};
    for (const [name, value] of Object.entries(details ?? {})) {
      const offset = typeof value === "string" ? /^T([+-]\d+)$/.exec(value)?.[1] : undefined;
      if (offset !== undefined) {
        const at = new Date(this.#sent + Number(offset) * 1000).toISOString();
        this.#times.set(micros(at), `t${step}.${name}`);
        sent[name] = at;
      } else sent[name] = name === "cache_key" ? this.#mark + value : (value as Json);
    }
    return { type, ...rest, state_details: sent };
  }

  async #deployment(): Promise<string> {
    const { collision } = this.#sequence;
    if (collision === undefined) return this.#ground.deployment;
    const body = {
      name: this.#mark,
      flow_id: this.#ground.flow,
      concurrency_limit: 1,
      concurrency_options: { collision_strategy: collision },
    };
    return (await made(this.#api, "/deployments/", body)).id as string;
  }

  async #makeFlowRun(spec: RunSpec, deployment: string): Promise<Fields> {
    const stand = { flow_run_id: this.#ground.parent, task_key: "child", dynamic_key: this.#mark };
    const parent = spec.parent ? (await made(this.#api, "/task_runs/", stand)).id : null;
    const limited = this.#sequence.collision !== undefined;
    return made(this.#api, limited ? `/deployments/${deployment}/create_flow_run` : "/flow_runs/", {
      ...(!limited && { flow_id: this.#ground.flow }),
      ...(spec.deployment && !limited && { deployment_id: deployment }),
      ...(spec.state && { state: this.#state(spec.state, -1) }),
      ...(spec.policy && { empirical_policy: spec.policy }),
      ...(parent !== null && { parent_task_run_id: parent }),
    });
  }

  #makeTaskRun(flowRun: string, { state, policy }: NonNullable<Sequence["task"]>): Promise<Fields> {
    return made(this.#api, "/task_runs/", {
      flow_run_id: flowRun,
      task_key: "work",
      dynamic_key: "0",
      empirical_policy: policy,
      ...(state && { state: this.#state(state, -2) }),
    });
  }
}

const roughly = (seconds: number): number => Math.round(seconds / 30) * 30 || 0;

/** A time of the wire in microseconds. */
function micros(text: string): number {
  const fraction = /\.(\d+)/.exec(text)?.[1] ?? "";
  return Math.floor(Date.parse(text.replace(/\.\d+/, "")) * 1000) + Number(fraction.padEnd(6, "0").slice(0, 6));
}
