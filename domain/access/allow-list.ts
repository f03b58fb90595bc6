/** The addresses from which an account is reached. */
import { contains, type Network, parseAddress, parseNetwork } from "./network.ts";

export interface AllowedNetwork {
  /** As `formatNetwork` writes it. */
  ip_network: string;
  enabled: boolean;
  description: string | null;
}

/** Networks that are let in; null: everybody is. */
export type Allowed = readonly Network[] | null;

/** Most networks of a list. Each request of the account looks through all of them. */
export const MOST_NETWORKS = 25;

/**
 * Who is let in by a list. [DO70] An empty list lets everybody in, whether or not it is in force; entries that are turned off let
 * nobody in.
 */
export function allowedBy(entries: readonly AllowedNetwork[], inForce: boolean): Allowed {
  if (!inForce || entries.length === 0) return null;
  return entries.flatMap(({ ip_network, enabled }) => {
    const network = enabled ? parseNetwork(ip_network) : "turned off";
    return typeof network === "string" ? [] : [network];
  });
}

/** Whether an address is let in. One that is not known, or is none, never is where a list is in force. */
export const lets = (allowed: Allowed, address: string | null): boolean =>
  allowed === null || networkOf(allowed, address) !== null;

/** The network by which an address is let in; null where there is none. */
export function networkOf(networks: readonly Network[], address: string | null): Network | null {
  const read = address === null ? null : parseAddress(address);
  return (read && networks.find((network) => contains(network, read))) ?? null;
}

/**
 * Who asks, where proxies stand before the server: the nearest address that is none of them. `forwarded` is the header
 * X-Forwarded-For, to whose end each proxy adds who asked it; what stands before an address that is no proxy's is only claimed.
 */
export function askerBehind(proxies: readonly Network[], peer: string | null, forwarded: string | null): string | null {
  const isProxy = (text: string | null): boolean => networkOf(proxies, text) !== null;
  const claimed = (forwarded ?? "").split(",").map((part) => part.trim());
  let asker = peer;
  while (isProxy(asker) && claimed.length > 0) {
    const before = claimed.pop();
    if (before) asker = before;
  }
  return asker;
}

/** The address in `192.0.2.1:4200` or `[2001:db8::1]:4200`, as runtimes name the other end of a connection. */
export function withoutPort(end: string): string {
  return /^\[(.+)\](?::\d+)?$/.exec(end)?.[1] ?? /^([\d.]+):\d+$/.exec(end)?.[1] ?? end;
}
