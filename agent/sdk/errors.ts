/**
 * The errors of the SDK. The class says what happens next, not where the error came from: `NonRetriable` ends the retries,
 * the three reasons of a signal end an attempt, `InputError` names the parameter to mend.
 */

import { readableStack } from "./stack.ts";

/** Thrown by a task or flow: it fails now, however many retries are left. */
export class NonRetriable extends Error {
  override name = "NonRetriable";
}

/** The run is being cancelled. The reason of `ctx().signal`. */
export class CancelledError extends Error {
  override name = "CancelledError";
}

/** The attempt took longer than its `timeout`. The reason of `ctx().signal`; the attempt counts as failed. */
export class TimeoutError extends Error {
  override name = "TimeoutError";
}

/** Another agent has the run now. The reason of `ctx().signal`; nothing is reported any more. */
export class LeaseLostError extends Error {
  override name = "LeaseLostError";
}

/** What was handed to a flow does not fit its input schema. */
export class InputError extends Error {
  override name = "InputError";
  readonly issues: readonly InputIssue[];
  constructor(message: string, issues: readonly InputIssue[]) {
    super(message);
    this.issues = issues;
  }
}

export interface InputIssue {
  /** `urls[0]`, or empty where the whole input is meant. */
  field: string;
  message: string;
}

/** A task was not begun, since one that it waits for did not complete. */
export class UpstreamError extends Error {
  override name = "UpstreamError";
}

/** The server does not let the run go on: it has ended, or is somebody else's. */
export class RunRefusedError extends Error {
  override name = "RunRefusedError";
}

/** There is no API to talk to, or a setting of it makes no sense. */
export class SettingsError extends Error {
  override name = "SettingsError";
}

/** The name and message of anything that was thrown. */
export function describe(error: unknown): string {
  if (error instanceof Error) return error.message === "" ? error.name : `${error.name}: ${error.message}`;
  return typeof error === "string" ? error : `A value was thrown that is no error: ${safeText(error)}`;
}

/** The stack of anything that was thrown, with those of its causes, as people read it. */
export function stackOf(error: unknown): string {
  const lines: string[] = [];
  let current = error;
  for (let depth = 0; depth < 8 && current !== undefined && current !== null; depth++) {
    const text = current instanceof Error ? readableStack(current.stack ?? describe(current)) : describe(current);
    lines.push(depth === 0 ? text : `Caused by: ${text}`);
    current = current instanceof Error ? current.cause : undefined;
  }
  return lines.join("\n");
}

function safeText(value: unknown): string {
  try {
    return JSON.stringify(value)?.slice(0, 1000) ?? String(value);
  } catch {
    return String(value);
  }
}
