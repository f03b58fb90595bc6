/**
 * Where a request comes from.
 *
 * The runtime of one machine says who is at the other end of the connection (`cf.clientIp`); Cloudflare's edge says it in a header that
 * it lets nobody else set. Only where proxies are named that may speak for others is anything else believed.
 */
import { askerBehind, withoutPort } from "@millrace/domain/access/allow-list.ts";
import { type Network, parseNetwork } from "@millrace/domain/access/network.ts";
import type { Env } from "../env.ts";

/** The address of whoever sent a request; null where it is not known. */
export function callerAddress(request: Request, env: Env): string | null {
  const end = (request.cf as { clientIp?: unknown } | undefined)?.clientIp;
  const peer = typeof end === "string" ? withoutPort(end) : request.headers.get("cf-connecting-ip");
  return askerBehind(proxiesOf(env.TRUSTED_PROXIES ?? ""), peer, request.headers.get("x-forwarded-for"));
}

let known: { text: string; networks: readonly Network[] } = { text: "", networks: [] };

function proxiesOf(text: string): readonly Network[] {
  if (known.text !== text) {
    const networks = text.split(",").flatMap((part) => {
      const network = parseNetwork(part);
      return typeof network === "string" ? [] : [network];
    });
    known = { text, networks };
  }
  return known.networks;
}
