import { accountSettings } from "@millrace/contract/account-settings.ts";
import { allowedBy, lets } from "@millrace/domain/access/allow-list.ts";
import { formatInstant, type Instant } from "@millrace/domain/time.ts";
import { type AllowList, changeAllowList, lastSeen, readAllowList } from "../auth/allow-list.ts";
import { callerAddress } from "../auth/caller-address.ts";
import type { Env } from "../env.ts";
import { Refusal } from "./refusal.ts";
import { type App, serve } from "./serve.ts";

/** What holds for a whole account: the networks from which it is reached. */
export function serveAccountSettings(app: App): void {
  serve(app, accountSettings.read, async ({ env, params }) => ({
    allow_public_workspaces: false,
    ai_log_summaries: false,
    managed_execution: false,
    enforce_ip_allowlist: (await readAllowList(env, params.account_id)).inForce,
    enforce_webhook_authentication: false,
    self_healing_enabled: false,
    enabled_feature_flags: [],
    default_result_storage: null,
  }));

  serve(app, accountSettings.update, async ({ env, params, body, request }) => {
    if (typeof body.enforce_ip_allowlist === "boolean")
      await change(env, params.account_id, { inForce: body.enforce_ip_allowlist }, request);
  });

  serve(app, accountSettings.readAllowList, async ({ env, params }) => {
    const [{ entries }, seen] = await Promise.all([
      readAllowList(env, params.account_id),
      lastSeen(env, params.account_id),
    ]);
    return {
      entries: entries.map((entry) => {
        const at = seen.get(entry.ip_network);
        return { ...entry, last_seen: at === undefined ? null : formatInstant(at as Instant) };
      }),
    };
  });

  serve(app, accountSettings.replaceAllowList, ({ env, params, body, request }) =>
    change(env, params.account_id, { entries: body.entries }, request),
  );

  serve(app, accountSettings.myAccess, async ({ env, params, request }) => {
    const address = callerAddress(request, env);
    const { entries } = await readAllowList(env, params.account_id);
    if (entries.length === 0)
      return { allowed: true, detail: `The allow list is empty: ${named(address)} and all others are let in.` };
    return lets(allowedBy(entries, true), address)
      ? { allowed: true, detail: `Your address ${named(address)} is on the allow list.` }
      : { allowed: false, detail: lockedOut(address) };
  });
}

const named = (address: string | null): string => address ?? "(not known to this server)";

const lockedOut = (address: string | null): string =>
  `Your own address ${named(address)} is not in a network of the allow list that is turned on, so you would lock yourself out. Add it first.`;

async function change(env: Env, account: string, to: Partial<AllowList>, request: Request): Promise<void> {
  const address = callerAddress(request, env);
  const became = await changeAllowList(env, account, to, address);
  if (became === "locks out") throw new Refusal({ code: "locks_out", message: lockedOut(address) });
  if (became === "overtaken")
    throw new Refusal({
      code: "conflict",
      what: "allow list",
      is: "changed by somebody else just now",
      must: "Look at it, and try again.",
    });
}
