/**
 * Compares a live answer with the recorded one.
 *
 * Same fields, same kinds of value (null, boolean, integer, number, text, id, time with six digits and Z, list, object), and
 * the same value wherever a server does not make it up: text and integers are equal, ids, times and random names correspond
 * (see Mapping), numbers with a point are numbers, and zero where zero was recorded.
 */
import type { Mapping } from "./mapping.ts";
import { Float, type Value } from "./recording.ts";

export interface Difference {
  /** Where, as a JSON pointer into the answer; list positions are `*`. */
  at: string;
  what: string;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const WIRE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;
/** As events tell times in their labels. */
const LABEL_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$/;
const ANY_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
/** The names that a server gives to runs that have none: an adjective and an animal. */
const RANDOM_NAME = /^[a-z]+-[a-z]+$/;

export type Kind = "null" | "boolean" | "integer" | "number" | "id" | "time" | "text" | "list" | "object";

export function kindOf(value: Value): Kind {
  if (value === null) return "null";
  if (typeof value === "boolean") return "boolean";
  if (value instanceof Float) return "number";
  if (typeof value === "number") return "integer";
  if (typeof value === "string") return UUID.test(value) ? "id" : ANY_TIME.test(value) ? "time" : "text";
  return Array.isArray(value) ? "list" : "object";
}

const show = (value: Value | undefined): string => {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
};

/** All differences. A text of two words at `/name` that no client has said is a name that the server made up. */
export function compare(recorded: Value, live: Value, mapping: Mapping): Difference[] {
  const found: Difference[] = [];
  const differ = (at: string, what: string) => {
    found.push({ at, what });
  };

  const compareText = (one: string, other: string, at: string) => {
    if (at.endsWith("/name") && RANDOM_NAME.test(one) && !mapping.wasSent(one)) {
      if (!RANDOM_NAME.test(other)) differ(at, `a name of two words, not ${show(other)}`);
      else if (!mapping.bindName(one, other))
        differ(at, `the name that ${show(one)} stood for before, not ${show(other)}`);
      return;
    }
    const wanted = mapping.textToLive(one);
    if (wanted !== other) differ(at, `${show(wanted)}, not ${show(other)}`);
  };

  const compareAny = (one: Value, other: Value, at: string): void => {
    const kind = kindOf(one);
    const got = kindOf(other);
    if (kind !== got && !(kind === "number" && got === "integer")) {
      differ(at, `of kind ${kind} as ${show(one)}, not ${got} as ${show(other)}`);
      return;
    }
    switch (kind) {
      case "null":
        return;
      case "boolean":
      case "integer":
        if (one !== other) differ(at, `${show(one)}, not ${show(other)}`);
        return;
      case "number": {
        const value = other instanceof Float ? other.value : (other as number);
        if ((one as Float).value === 0 && value !== 0) differ(at, `0, not ${value}`);
        return;
      }
      case "id":
        if (!mapping.bindId(one as string, other as string)) {
          differ(at, `${show(mapping.id(one as string))}, which ${show(one)} stands for, not ${show(other)}`);
        }
        return;
      case "time":
        // A time that a client sent comes back as it was sent.
        if (mapping.textToLive(one as string) === other) return;
        if (!(LABEL_TIME.test(one as string) ? LABEL_TIME : WIRE_TIME).test(other as string))
          differ(at, `a time with six digits and Z, or +00:00 in a label, not ${show(other)}`);
        else if (!mapping.bindTime(one as string, other as string)) {
          differ(at, `${show(mapping.textToLive(one as string))}, as elsewhere, not ${show(other)}`);
        }
        return;
      case "text":
        compareText(one as string, other as string, at);
        return;
      case "list": {
        const [many, others] = [one as Value[], other as Value[]];
        if (many.length !== others.length) differ(at, `${many.length} items, not ${others.length}`);
        for (let index = 0; index < Math.min(many.length, others.length); index += 1) {
          compareAny(many[index] as Value, others[index] as Value, `${at}/*`);
        }
        return;
      }
      case "object": {
        const [fields, others] = [one as Record<string, Value>, other as Record<string, Value>];
        for (const key of Object.keys(fields)) {
          if (Object.hasOwn(others, key)) compareAny(fields[key] as Value, others[key] as Value, `${at}/${key}`);
          else differ(`${at}/${key}`, `there, as ${show(fields[key])}`);
        }
        for (const key of Object.keys(others)) {
          if (!Object.hasOwn(fields, key)) differ(`${at}/${key}`, `absent, not ${show(others[key])}`);
        }
      }
    }
  };
  compareAny(recorded, live, "");
  return found;
}
