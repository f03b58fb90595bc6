/** The comparison is shown to fail: every recorded answer is spoiled at every place, and each spoiled one must be found. */
import { describe, expect, test } from "vitest";
import { compare, kindOf } from "./compare.ts";
import { Mapping } from "./mapping.ts";
import { type Exchange, Float, parse, readRecording, stringify, type Value } from "./recording.ts";

const exchanges = ["s01", "s02", "cli"]
  .flatMap(readRecording)
  .filter((line): line is Exchange => line.kind === "exchange");

/** Answers of different shape, each once, with the request that led to it. */
const samples = [...new Map(exchanges.map((one) => [shape(one.response), one])).values()];

function shape(value: Value): string {
  if (Array.isArray(value)) return `[${value.map(shape)}]`;
  if (value === null || typeof value !== "object" || value instanceof Float) return kindOf(value);
  return `{${Object.entries(value).map(([key, one]) => `${key}:${shape(one)}`)}}`;
}

type Path = (string | number)[];

function* places(value: Value, path: Path = []): Generator<Path> {
  yield path;
  if (value === null || typeof value !== "object" || value instanceof Float) return;
  for (const key of Array.isArray(value) ? value.keys() : Object.keys(value)) {
    yield* places((value as Record<string | number, Value>)[key] as Value, [...path, key]);
  }
}

const at = (value: Value, path: Path): Value =>
  path.reduce((one, key) => (one as Record<string | number, Value>)[key] as Value, value);

/** A copy of `value` with the place at `path` changed; undefined takes it away. */
function changed(value: Value, path: Path, to: Value | undefined): Value {
  const [key, ...rest] = path;
  if (key === undefined) return to as Value;
  if (Array.isArray(value)) {
    const copy = [...value];
    if (rest.length === 0 && to === undefined) copy.splice(key as number, 1);
    else copy[key as number] = changed(copy[key as number] as Value, rest, to);
    return copy;
  }
  const { [key]: old, ...others } = value as Record<string, Value>;
  return rest.length === 0 && to === undefined ? others : { ...others, [key]: changed(old as Value, rest, to) };
}

/** Values that must not pass for `value`. */
function spoiled(value: Value): Value[] {
  const kind = kindOf(value);
  const others: Value[] = kind === "null" ? ["", 0, false, []] : [null];
  switch (kind) {
    case "boolean":
      return [...others, !value, "true", 1];
    case "integer":
      return [...others, (value as number) + 1, String(value), new Float("0.5")];
    case "number":
      return [...others, String((value as Float).value), ...((value as Float).value === 0 ? [new Float("0.5")] : [])];
    case "id":
      return [...others, "", (value as string).slice(0, -1), (value as string).toUpperCase().replace("-", "")];
    case "time":
      return [
        ...others,
        (value as string).replace(/\d{3}Z$/, "Z"),
        (value as string).replace("Z", "+00:00"),
        1_700_000_000,
      ];
    case "text":
      return [...others, `${value}.`, 7];
    case "list":
      return [...others, [...(value as Value[]), "more"], {}];
    case "object":
      return [...others, { ...(value as Record<string, Value>), more: null }, []];
    default:
      return others;
  }
}

const mappingAfter = (request: Value): Mapping => {
  const mapping = new Mapping();
  mapping.begin("2026-11-24T13:00:00.000000Z");
  mapping.toLive(request);
  return mapping;
};

describe.each(samples.map((one) => [`${one.method} ${one.path} → ${one.status}`, one] as const))(
  "%s",
  (_name, { request, response }) => {
    test("[CF3] the same answer does not differ", () => {
      expect(compare(response, response, new Mapping())).toEqual([]);
    });

    test("[CF3] any place that is spoiled is found", () => {
      const passed: string[] = [];
      for (const path of places(response)) {
        const candidates = spoiled(at(response, path)).map((value) => changed(response, path, value));
        if (path.length > 0) candidates.push(changed(response, path, undefined));
        for (const candidate of candidates) {
          const found = compare(response, parse(stringify(candidate)), mappingAfter(request));
          if (found.length === 0) passed.push(`${path.join("/")}: ${stringify(at(candidate, path.slice(0, -1)))}`);
        }
      }
      expect(passed).toEqual([]);
    });
  },
);

test("[CF3] an id, a time or a name that stood for another one before is found", () => {
  const before = parse(
    '[{"id":"8bdfea0a-fc1d-4d51-8dcf-4b38625e22c7","at":"2026-11-24T13:15:59.578180Z","name":"shaggy-tiger"},{"id":"8bdfea0a-fc1d-4d51-8dcf-4b38625e22c7","at":"2026-11-24T13:15:59.578180Z","name":"shaggy-tiger"}]',
  );
  const other = parse(
    '[{"id":"00000000-fc1d-4d51-8dcf-4b38625e22c7","at":"2026-12-24T13:15:59.578180Z","name":"calm-newt"},{"id":"8bdfea0a-fc1d-4d51-8dcf-4b38625e22c7","at":"2026-11-24T13:15:59.578180Z","name":"shaggy-tiger"}]',
  );
  expect(compare(before, other, new Mapping()).map((one) => one.at)).toEqual(["/*/id", "/*/at", "/*/name"]);
});
