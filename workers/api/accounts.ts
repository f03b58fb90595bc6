import { accounts, me } from "@millrace/contract/accounts.ts";
import { WORKSPACE_SCOPES } from "@millrace/contract/scopes.ts";
import { formatInstant, instant } from "@millrace/domain/time.ts";
import { forgetKey } from "../auth/directory.ts";
import { grantAccess, insertActor, insertWorkspace, planWorkspace } from "../auth/people.ts";
import { revokeKey } from "../auth/revoke.ts";
import { lifetimeOf, signToken } from "../auth/tokens.ts";
import { notFound, Refusal } from "./refusal.ts";
import { type App, serve } from "./serve.ts";
import { installSystemBlocks } from "./system-blocks.ts";

/** Accounts, workspaces and the keys of service accounts; and who is asking. */
export function serveAccounts(app: App): void {
  serve(app, accounts.createWorkspace, async ({ env, body, params, credential }) => {
    const { name, handle, description } = body;
    const workspace = planWorkspace({ account: params.account_id, name, handle, description: description ?? "" });
    try {
      // Whoever makes a workspace owns it.
      await env.DIRECTORY.batch([
        insertWorkspace(env, workspace),
        grantAccess(env, credential.actor.id, workspace.id, ["*"]),
      ]);
    } catch (error) {
      if (String(error).includes("UNIQUE"))
        throw new Refusal({ code: "already_exists", what: "workspace", name: handle });
      throw error;
    }
    if (credential.keyId) forgetKey(credential.keyId);
    await installSystemBlocks(env, { workspace: workspace.id, shard: workspace.shard });
    const created = formatInstant(instant(workspace.created));
    return {
      id: workspace.id,
      created,
      updated: created,
      account_id: params.account_id,
      name,
      description: description ?? "",
      handle,
    };
  });

  serve(app, accounts.createBot, async ({ env, body, params, credential }) => {
    const workspace = body.workspace_id ?? credential.home;
    const reach = credential.reach.get(workspace);
    if (reach?.account !== params.account_id) notFound("workspace");
    const scopes = body.scopes ?? WORKSPACE_SCOPES;
    // Nobody hands on what they do not hold.
    const lacking = scopes.find((scope) => reach.scopes !== null && !reach.scopes.has(scope));
    if (lacking) throw new Refusal({ code: "forbidden", scope: lacking });
    const bot = insertActor(env, {
      account: params.account_id,
      type: "service_account",
      name: body.name,
      permissions: [],
      workspace,
      scopes,
      expires: body.api_key_expiration,
    });
    await env.DIRECTORY.batch(bot.statements);
    const created = formatInstant(instant(bot.created));
    const expiration = body.api_key_expiration === null ? null : formatInstant(body.api_key_expiration);
    return {
      id: bot.actorId,
      created,
      updated: created,
      account_id: params.account_id,
      name: body.name,
      workspace_id: workspace,
      scopes: [...scopes],
      api_key: { id: bot.keyId, created, name: body.name, expiration, key: bot.key },
    };
  });

  serve(app, accounts.revokeBotKey, async ({ env, params }) => {
    const { account_id: account, bot_id: actor, key_id: key } = params;
    if (!(await revokeKey(env, { account, actor, key }))) notFound("API key");
  });

  serve(app, me.read, ({ credential: { actor } }) => ({
    id: actor.id,
    actor_type: actor.type,
    name: actor.name,
    handle: actor.name,
    email: null,
  }));

  serve(app, me.workspaces, ({ credential }) =>
    [...credential.reach.values()].map((reach) => ({
      account_id: reach.account,
      account_name: credential.account.name,
      account_handle: credential.account.handle,
      workspace_id: reach.workspace,
      workspace_name: reach.name,
      workspace_description: reach.description,
      workspace_handle: reach.handle,
    })),
  );

  serve(app, me.socketTicket, async ({ env, tenant, credential }) => {
    if (!credential.keyId)
      throw new Refusal({ code: "refused", message: "A ticket is made for a key or a session, not for a run." });
    const named = { keyId: credential.keyId, workspace: tenant.workspace, until: credential.expires };
    const ticket = await signToken(env, "ticket", named);
    return { ticket, expires_in: lifetimeOf("ticket") };
  });
}
