/** When somebody last came from a network of an allow list. It is written down once an hour, so that no request waits for it. */
import { waitUntil } from "cloudflare:workers";
import { formatNetwork, type Network } from "@millrace/domain/access/network.ts";
import type { Env } from "../env.ts";

/** Milliseconds between two notes of one network. */
const NOTED = 3_600_000;
/** Most networks whose last note is remembered here. */
const MOST = 10_000;
const noted = new Map<string, number>();

export function noteSeen(env: Env, account: string, network: Network): void {
  const text = formatNetwork(network);
  const key = `${account} ${text}`;
  const now = Date.now();
  if (now - (noted.get(key) ?? 0) < NOTED) return;
  if (noted.size >= MOST) noted.clear();
  noted.set(key, now);
  const write = env.DIRECTORY.prepare(
    `INSERT INTO networks_seen (account_id, network, seen) VALUES (?1, ?2, ?3)
     ON CONFLICT (account_id, network) DO UPDATE SET seen = excluded.seen`,
  )
    .bind(account, text, now * 1000)
    .run();
  waitUntil(
    write.catch((error: unknown) => {
      noted.delete(key);
      console.error("A network that was seen could not be written down", error);
    }),
  );
}
