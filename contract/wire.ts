/** The small values that all resources of the wire are made of. */

import type { Json, JsonObject } from "@millrace/domain/json.ts";
import { formatInstant, type Instant, parseInstant } from "@millrace/domain/time.ts";
import { z } from "zod";

/** Longest name, version or key that is taken, in characters: the cloud's own limit. */
const NAME_LENGTH = 5000;

export const NO_UUID = "Input should be a valid UUID";
export const Uuid = z
  .string()
  .regex(/^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/i, NO_UUID)
  .overwrite((text) => (text.length === 36 ? text.toLowerCase() : dashed(text.toLowerCase())))
  .meta({ format: "uuid" });

const dashed = (hex: string): string => {
  const h = hex.replaceAll("-", "");
  return `${h.slice(0, 8)}-${h.slice(8, 12)}-${h.slice(12, 16)}-${h.slice(16, 20)}-${h.slice(20)}`;
};

/** A moment that comes in: RFC 3339 text becomes an Instant. */
export const Timestamp = z
  .string()
  .meta({ format: "date-time" })
  .transform((text, context): Instant => {
    const at = parseInstant(text);
    if (at !== null) return at;
    context.addIssue({ code: "custom", message: "Input should be a valid datetime, such as 2026-01-31T08:00:00Z" });
    return z.NEVER;
  });

/** A moment that goes out: the wire's text, UTC with six digits of a second. */
export const TimestampText = z.string().meta({ format: "date-time" });

/** An Instant as the wire's text, or null. */
export const text = (at: Instant | null): string | null => (at === null ? null : formatInstant(at));

export const Name = z.string().max(NAME_LENGTH);
/** A name that is part of a path: none of the characters that would end it there. */
export const PathName = Name.min(1).regex(/^[^/%&><]+$/, "String should match pattern '^[^/%&><]+$'");
export const Tags = z.array(Name).max(1000);
export const AnyJson = z.unknown().transform((value) => (value ?? null) as Json);
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A record of anything. Its keys are the user's, `__proto__` among them. */
export const Fields = z
  .unknown()
  .refine(isRecord, "Input should be a valid dictionary")
  .meta({ type: "object", additionalProperties: true })
  .transform((value) => value as JsonObject);

/** A record of such values. zod's own record would drop a key called `__proto__` without a word. */
export const recordOf = <V extends z.ZodType>(values: V) =>
  z
    .unknown()
    .transform((record, context): Record<string, z.output<V>> => {
      if (!isRecord(record)) {
        context.addIssue({ code: "custom", message: "Input should be a valid dictionary" });
        return z.NEVER;
      }
      const read = Object.entries(record).map(([key, value]) => [key, values.safeParse(value)] as const);
      for (const [key, { error }] of read)
        for (const { path, message } of error?.issues ?? [])
          context.addIssue({ code: "custom", path: [key, ...path], message });
      return Object.fromEntries(read.map(([key, { data }]) => [key, data as z.output<V>]));
    })
    .meta({ type: "object", additionalProperties: true }) as unknown as z.ZodType<
    Record<string, z.output<V>>,
    Record<string, z.input<V>>
  >;

/** Labels: a flat record of scalars. */
export const Labels = recordOf(z.union([z.boolean(), z.number(), z.string()])).transform(
  (value) => value as JsonObject,
);

export const ById = z.object({ id: Uuid });

/** Null and absent mean the same, which is how the wire treats most fields. */
export const maybe = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? null);

/** Null and absent both mean `value`. */
export const otherwise = <T extends z.ZodType>(schema: T, value: z.output<T>) =>
  schema.nullish().transform((given) => given ?? value);

/** How lists are cut: at most 200 rows, from an offset. */
export const Limit = otherwise(z.int().min(0).max(200), 200);
export const Offset = otherwise(z.int().min(0).max(10_000_000), 0);

/** Which page of a list, from 1 on. */
export const Page = otherwise(z.int().min(1).max(1_000_000), 1);

/** A page of a list, as the wire tells it. */
export const pageOf = <T extends z.ZodType>(one: T) =>
  z.object({ results: z.array(one), count: z.int(), limit: z.int(), pages: z.int(), page: z.int() });
