/**
 * Reads the parts of a `prefect.task-run.*` event. What arrives is anybody's JSON: nothing is taken for granted, nothing
 * throws. The first part that is wrong is remembered as a problem that names its field; reading goes on with nothing.
 */
import { isObject, type Json, type JsonObject } from "../json.ts";
import type { Problem } from "../problem.ts";
import { STATE_TYPES, type StateDetails, type StateType } from "../state.ts";
import { type Instant, parseInstant } from "../time.ts";
import type { TaskRunPolicy } from "./run.ts";

const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;

/** A UUID in its usual form: lower case, with hyphens. Null for anything else. */
export function readUuid(value: unknown): string | null {
  if (typeof value !== "string" || !UUID.test(value)) return null;
  const hex = value.toLowerCase().replaceAll("-", "");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** Reads one object of the event, field by field. `undefined` means that the field is not there. */
export class Reader {
  problem: Problem | null = null;
  readonly #from: JsonObject;
  readonly #path: string;
  readonly #parent: Reader | null;

  constructor(from: JsonObject, path = "", parent: Reader | null = null) {
    this.#from = from;
    this.#path = path;
    this.#parent = parent;
  }

  wrong(field: string, message: string): undefined {
    const problem: Problem = { code: "invalid", field: this.#path + field, message };
    let reader: Reader | null = this;
    while (reader !== null) {
      reader.problem ??= problem;
      reader = reader.#parent;
    }
  }

  /** The field as `read` takes it; `read` returns undefined for what it refuses. */
  take<T>(field: string, what: string, read: (value: Json) => T | undefined): T | undefined {
    const value = Object.hasOwn(this.#from, field) ? this.#from[field] : undefined;
    if (value === undefined) return undefined;
    const taken = read(value);
    return taken === undefined ? this.wrong(field, `This must be ${what}.`) : taken;
  }

  /** The object in this field; an empty one where it is not there. */
  object(field: string): Reader {
    const inner = this.take(field, "an object", (value) => (isObject(value) ? value : undefined));
    return new Reader(inner ?? {}, `${this.#path}${field}.`, this);
  }

  has = (field: string): boolean => Object.hasOwn(this.#from, field);
  json = (field: string): Json | undefined => this.take(field, "any value", (value) => value);
  text = (field: string): string | undefined => this.take(field, "a string", text);
  textOrNull = (field: string): string | null | undefined => this.take(field, "a string or null", orNull(text));
  boolean = (field: string): boolean | undefined => this.take(field, "true or false", boolean);
  booleanOrNull = (field: string) => this.take(field, "true, false or null", orNull(boolean));
  count = (field: string): number | undefined => this.take(field, "a whole number, 0 or more", count);
  countOrNull = (field: string) => this.take(field, "a whole number, 0 or more, or null", orNull(count));
  number = (field: string): number | undefined => this.take(field, "a number", number);
  numberOrNull = (field: string) => this.take(field, "a number or null", orNull(number));
  uuid = (field: string): string | undefined => this.take(field, "a UUID", uuid);
  uuidOrNull = (field: string) => this.take(field, "a UUID or null", orNull(uuid));
  instant = (field: string): Instant | undefined => this.take(field, "an RFC 3339 timestamp", time);
  instantOrNull = (field: string) => this.take(field, "an RFC 3339 timestamp or null", orNull(time));
  texts = (field: string): string[] | undefined => this.take(field, "a list of strings", texts);
  labels = (field: string): JsonObject | undefined =>
    this.take(field, "an object", (v) => (v === null ? {} : object(v)));
}

const text = (value: Json): string | undefined => (typeof value === "string" ? value : undefined);
const boolean = (value: Json): boolean | undefined => (typeof value === "boolean" ? value : undefined);
/** JSON has no infinity, but 1e999 is read as one. */
const number = (value: Json): number | undefined =>
  typeof value === "number" && Number.isFinite(value) ? value : undefined;
const count = (value: Json): number | undefined =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined;
const uuid = (value: Json): string | undefined => readUuid(value) ?? undefined;
const time = (value: Json): Instant | undefined =>
  typeof value === "string" ? (parseInstant(value) ?? undefined) : undefined;
const object = (value: Json): JsonObject | undefined => (isObject(value) ? value : undefined);
const texts = (value: Json): string[] | undefined =>
  Array.isArray(value) && value.every((one) => typeof one === "string") ? (value as string[]) : undefined;
const orNull =
  <T>(read: (value: Json) => T | undefined) =>
  (value: Json): T | null | undefined =>
    value === null ? null : read(value);

/** The type of the state that was entered. */
export const readStateType = (reader: Reader): StateType | undefined =>
  reader.take("type", `one of ${STATE_TYPES.join(", ")}`, (value) => STATE_TYPES.find((type) => type === value));

/** What the event says of the state beside its type. */
export function readDetails(reader: Reader): Partial<StateDetails> {
  return said<StateDetails>({
    childFlowRunId: reader.uuidOrNull("child_flow_run_id"),
    scheduledTime: reader.instantOrNull("scheduled_time"),
    cacheKey: reader.textOrNull("cache_key"),
    cacheExpiration: reader.instantOrNull("cache_expiration"),
    deferred: reader.booleanOrNull("deferred"),
    untrackableResult: reader.boolean("untrackable_result"),
    pauseTimeout: reader.instantOrNull("pause_timeout"),
    pauseReschedule: reader.boolean("pause_reschedule"),
    pauseKey: reader.textOrNull("pause_key"),
    runInputKeyset: reader.take("run_input_keyset", "an object of strings, or null", keyset),
    refreshCache: reader.booleanOrNull("refresh_cache"),
    retriable: reader.booleanOrNull("retriable"),
    transitionId: reader.uuidOrNull("transition_id"),
    taskParametersId: reader.uuidOrNull("task_parameters_id"),
    traceparent: reader.textOrNull("traceparent"),
  });
}

function keyset(value: Json): { [key: string]: string } | null | undefined {
  if (value === null) return null;
  if (!isObject(value) || !Object.values(value).every((one) => typeof one === "string")) return undefined;
  return value as { [key: string]: string };
}

/** The retry policy; undefined where the event has none. */
export function readPolicy(reader: Reader): Partial<TaskRunPolicy> {
  return said<TaskRunPolicy>({
    maxRetries: reader.count("max_retries"),
    retryDelaySeconds: reader.number("retry_delay_seconds"),
    retries: reader.countOrNull("retries"),
    retryDelay: reader.take("retry_delay", "a number, a list of at most 50 numbers, or null", delay),
    retryJitterFactor: reader.numberOrNull("retry_jitter_factor"),
  });
}

function delay(value: Json): number | number[] | null | undefined {
  if (!Array.isArray(value)) return value === null ? null : number(value);
  if (value.length > 50 || value.some((one) => number(one) === undefined)) return undefined;
  return value as number[];
}

/** Where the values of the parameters came from: lists of objects that name their kind. */
export function readInputs(value: Json): { [parameter: string]: Json[] } | undefined {
  if (!isObject(value)) return undefined;
  const fine = (one: Json): boolean => Array.isArray(one) && one.every((source) => isObject(source));
  return Object.values(value).every(fine) ? (value as { [parameter: string]: Json[] }) : undefined;
}

/** Only the fields that were said: those left out keep what they had. */
export const said = <T>(fields: { [K in keyof T]?: T[K] | undefined }): Partial<T> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;
