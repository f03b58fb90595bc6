/**
 * Ids of flow runs: UUIDs that can be told from guesses.
 *
 * AP4  The last 32 bits of an id are a keyed check over its rest and the workspace: an id that was not made here is refused
 *      without touching an object, so nobody can make objects by guessing.
 */
import { createHash, createHmac } from "node:crypto";
import { uuidv7 } from "uuidv7";

const CHECK_LENGTH = 8;

/** Ids that were found to be ours lately, under workspace and pepper: a run is asked for several times, and a check is an HMAC. */
const ours = new Set<string>();
const MOST = 10_000;

/** A new id; later ones sort behind earlier ones. */
export const makeRunId = (pepper: string, workspace: string): string =>
  remembered(checked(uuidv7(), pepper, workspace), pepper, workspace);

/** The id that a flow and an idempotency key always lead to. */
export function derivedRunId(pepper: string, workspace: string, flow: string, idempotencyKey: string): string {
  const hash = createHash("sha256").update(`${workspace}\u0000${flow}\u0000${idempotencyKey}`).digest("hex");
  // Version 8: an id of our own making (RFC 9562).
  const uuid = `${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(13, 16)}-a${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
  return checked(uuid, pepper, workspace);
}

/** True of an id that was made here for this workspace. */
export function isRunId(id: string, pepper: string, workspace: string): boolean {
  if (ours.has(nameOf(id, pepper, workspace))) return true;
  if (id !== checked(id, pepper, workspace)) return false;
  remembered(id, pepper, workspace);
  return true;
}

function remembered(id: string, pepper: string, workspace: string): string {
  if (ours.size >= MOST) ours.clear();
  ours.add(nameOf(id, pepper, workspace));
  return id;
}

const nameOf = (id: string, pepper: string, workspace: string): string => `${workspace}/${id}/${pepper}`;

function checked(uuid: string, pepper: string, workspace: string): string {
  const rest = uuid.slice(0, -CHECK_LENGTH);
  return rest + createHmac("sha256", pepper).update(`run:${workspace}:${rest}`).digest("hex").slice(0, CHECK_LENGTH);
}
