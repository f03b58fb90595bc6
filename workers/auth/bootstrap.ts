/**
 * The first owner of a server that has no host at its side: on Cloudflare nobody holds the databases while they are empty.
 *
 * AU13 Whoever shows the secret that the operator gave the Worker gets a key of the first owner, once for each secret: another one
 *      takes another secret, and only the operator sets those.
 */
import type { Env } from "../env.ts";
import { idFor, same } from "./keys.ts";
import { type Seed, seed } from "./people.ts";

/** Characters that a secret must have: a generated one has 43, a word that somebody thinks of has fewer. */
const SHORTEST = 32;

export type Bootstrapped = { kind: "made"; seed: Seed } | { kind: "off" | "too short" | "wrong" | "used" };

export async function bootstrap(env: Env, { secret, name }: { secret: string; name: string }): Promise<Bootstrapped> {
  const wanted = env.BOOTSTRAP_SECRET;
  if (!wanted) return { kind: "off" };
  if (wanted.length < SHORTEST) return { kind: "too short" };
  const keyId = idFor(wanted, env.KEY_PEPPER);
  // Compared by their keyed hashes: how much of it was right, and how long it is, cannot be measured.
  if (!same(idFor(secret, env.KEY_PEPPER), keyId)) return { kind: "wrong" };
  try {
    return { kind: "made", seed: await seed(env, { name, handle: "main", keyId }) };
  } catch (error) {
    // The key's id is taken; or somebody else made the first account at this moment.
    if (String(error).includes("UNIQUE")) return { kind: "used" };
    throw error;
  }
}
