/**
 * The shape of one row of the endpoint table.
 *
 * A row is all that anyone needs to know of an operation: the server binds a handler to it, the client calls it, the OpenAPI page
 * prints it, and the tests try it without a credential, without the scope, with another tenant's ids and with a bad body.
 */
import type { z } from "zod";
import type { Scope } from "./scopes.ts";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/**
 * Where an operation lives: `workspace` answers under `/api` and under `/api/accounts/{account}/workspaces/{workspace}`,
 * `account` under `/api/accounts/{account_id}`, `root` under `/api` alone.
 */
export type Base = "workspace" | "account" | "root";

/** What a caller must hold: a scope of the cloud's own names, any valid credential, or nothing. */
export type Requirement = Scope | "any credential" | "public";

export interface EndpointRow {
  readonly method: Method;
  /** Below its base; parameters in braces, as OpenAPI writes them. */
  readonly path: string;
  readonly base?: Base;
  readonly scope: Requirement;
  readonly params?: z.ZodType;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  /** The body is bytes, not JSON. */
  readonly bytes?: true;
  /** An empty request body, or null, is taken for `{}`: every field of it has a default. */
  readonly optionalBody?: true;
  /** NUL and half surrogate pairs in the body's text are mended, not refused: one of them must not cost a batch of log lines. */
  readonly mendText?: true;
  /** Largest body in bytes, where it is not the common limit. */
  readonly limit?: number;
  /** The name under which a 404 says what is missing, where that is not `detail`. */
  readonly missing?: "exception_message";
  readonly status: number | readonly [number, ...number[]];
  /** Absent: the answer has no body. */
  readonly result?: z.ZodType;
  readonly summary: string;
}

/** Declares a row; it only keeps the literal types. */
export const endpoint = <const Row extends EndpointRow>(row: Row): Row => row;

/** `POST /flow_runs/{id}/set_state`: the name by which clients call a row. */
export type RouteOf<Row extends EndpointRow> = `${Row["method"]} ${Row["path"]}`;
export type ParamsOf<Row> = Row extends { params: infer P extends z.ZodType } ? z.output<P> : undefined;
export type QueryOf<Row> = Row extends { query: infer Q extends z.ZodType } ? z.output<Q> : undefined;
export type BodyOf<Row> = Row extends { body: infer B extends z.ZodType } ? z.output<B> : undefined;
/** What a client sends, before defaults and codecs. */
export type BodyInputOf<Row> = Row extends { body: infer B extends z.ZodType } ? z.input<B> : undefined;
export type QueryInputOf<Row> = Row extends { query: infer Q extends z.ZodType } ? z.input<Q> : undefined;
/** What travels back; a handler of a row without a result returns nothing. */
// biome-ignore lint/suspicious/noConfusingVoidType: it is the type of what such a handler returns.
export type ResultOf<Row> = Row extends { result: infer R extends z.ZodType } ? z.output<R> : void;
