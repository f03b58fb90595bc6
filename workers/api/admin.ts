import { admin, PREFECT_VERSION } from "@millrace/contract/admin.ts";
import { SETTINGS } from "@millrace/contract/server-settings.ts";
import { SHARD_COUNT, shardOf } from "../../durable-objects/env.ts";
import { refuseAsStorage, setStorage, storageOf } from "./default-storage.ts";
import { json, Refusal } from "./refusal.ts";
import { type App, serve } from "./serve.ts";

/** What clients ask before they begin. */
export function serveAdmin(app: App): void {
  serve(app, admin.health, () => true as const);
  serve(app, admin.ready, async ({ env }) => {
    try {
      const databases = [env.DIRECTORY, ...Array.from({ length: SHARD_COUNT }, (_, at) => shardOf(env, at))];
      await Promise.all(databases.map((database) => database.prepare("SELECT 1").first()));
    } catch {
      throw new Refusal({ code: "unavailable", what: "database", retryAfter: 5 });
    }
    return { message: "OK" as const };
  });
  serve(app, admin.version, () => PREFECT_VERSION);
  serve(app, admin.serverVersion, () => PREFECT_VERSION);
  serve(app, admin.settings, () => SETTINGS);
  serve(app, admin.hello, () => "👋");
  serve(app, admin.storage, async ({ env, tenant }) => ({
    default_result_storage_block_id: (await storageOf(env, tenant))?.block ?? null,
  }));
  serve(app, admin.setStorage, async ({ env, tenant, body }) => {
    const { default_result_storage_block_id: block } = body;
    await refuseAsStorage(env, tenant, block);
    await setStorage(env, tenant, block);
    return { default_result_storage_block_id: block };
  });
  serve(app, admin.clearStorage, ({ env, tenant }) => setStorage(env, tenant, null));
  serve(app, admin.csrfToken, () => json({ detail: "CSRF protection is disabled." }, 422));
}
