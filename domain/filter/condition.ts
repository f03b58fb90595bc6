/**
 * The parts that filters are made of, each meaning what the same comparison means in SQL.
 *
 * A part that was not asked for has no opinion (null). A comparison with a value that is not there is false, as SQL's
 * "unknown" is once a row has to match; so `not_any_` does not match a missing value either.
 */
import { type Instant, parseInstant } from "../time.ts";

/** Null: this part was not asked for. */
export type Condition = boolean | null;
export type Operator = "and_" | "or_";

/** A time in a filter, as the wire writes it or already read. */
export type Time = string | Instant;

export interface AnyOf<T extends string = string> {
  any_?: readonly T[] | null;
}
export interface AnyOrNot<T extends string = string> extends AnyOf<T> {
  not_any_?: readonly T[] | null;
}
export interface AnyOrNull<T extends string = string> extends AnyOf<T> {
  operator?: Operator;
  is_null_?: boolean | null;
}
export interface NameFilter extends AnyOf {
  /** Part of a name, upper and lower case alike. */
  like_?: string | null;
}
export interface TagsFilter {
  operator?: Operator;
  all_?: readonly string[] | null;
  any_?: readonly string[] | null;
  is_null_?: boolean | null;
}
export interface TimeFilter {
  /** At or before. */
  before_?: Time | null;
  /** At or after. */
  after_?: Time | null;
}
export interface TimeOrNullFilter extends TimeFilter {
  is_null_?: boolean | null;
}

/** All of the conditions, or with "or_" at least one; true where nothing was asked for. */
export function combine(operator: Operator | undefined, conditions: readonly Condition[]): boolean {
  const asked = conditions.filter((condition) => condition !== null);
  if (asked.length === 0) return true;
  return operator === "or_" ? asked.some(Boolean) : asked.every(Boolean);
}

/** What `evaluate` says of a part of the filter, if that part is there. */
export const part = <F>(filter: F | null | undefined, evaluate: (filter: F) => boolean): Condition =>
  filter === null || filter === undefined ? null : evaluate(filter);

/** One of the list. An empty list has nothing that could match. */
export const isAny = (list: readonly string[] | null | undefined, value: string | null): Condition =>
  part(list, (any) => value !== null && any.includes(value));

/** None of the list. An empty list asks for nothing. */
export const isNone = (list: readonly string[] | null | undefined, value: string | null): Condition =>
  list && list.length > 0 ? value !== null && !list.includes(value) : null;

export const isNull = (wanted: boolean | null | undefined, value: unknown): Condition =>
  part(wanted, (yes) => (value === null) === yes);

/** Letters A to Z alike in both cases, as SQLite's `lower` has it; `%` and `_` stand for themselves. */
export const isLike = (text: string | null | undefined, value: string): Condition =>
  text ? lower(value).includes(lower(text)) : null;

const lower = (text: string): string => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

export const matchesAnyOf = (filter: AnyOf, value: string | null): boolean => isAny(filter.any_, value) ?? true;

export const matchesAnyOrNot = (filter: AnyOrNot, value: string | null): boolean =>
  combine("and_", [isAny(filter.any_, value), isNone(filter.not_any_, value)]);

export const matchesAnyOrNull = (filter: AnyOrNull, value: string | null): boolean =>
  combine(filter.operator, [isAny(filter.any_, value), isNull(filter.is_null_, value)]);

export const matchesName = (filter: NameFilter, value: string): boolean =>
  combine("and_", [isAny(filter.any_, value), isLike(filter.like_, value)]);

export function matchesTags(filter: TagsFilter, tags: readonly string[]): boolean {
  return combine(filter.operator, [
    filter.all_ && filter.all_.length > 0 ? filter.all_.every((tag) => tags.includes(tag)) : null,
    part(filter.any_, (any) => any.some((tag) => tags.includes(tag))),
    part(filter.is_null_, (yes) => (tags.length === 0) === yes),
  ]);
}

export const matchesTime = (filter: TimeFilter, value: Instant | null): boolean =>
  combine("and_", [
    part(filter.before_, (before) => compares(value, before, (at, bound) => at <= bound)),
    part(filter.after_, (after) => compares(value, after, (at, bound) => at >= bound)),
  ]);

function compares(value: Instant | null, bound: Time, holds: (at: Instant, bound: Instant) => boolean): boolean {
  const read = typeof bound === "string" ? parseInstant(bound) : bound;
  return value !== null && read !== null && holds(value, read);
}
