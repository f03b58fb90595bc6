// What the platform costs by itself: nothing, a row in a new object, a row in an old one, a row in a database.
import { DurableObject } from "cloudflare:workers";

export class Box extends DurableObject {
  put(value) {
    const { sql } = this.ctx.storage;
    sql.exec("CREATE TABLE IF NOT EXISTS rows (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID");
    sql.exec("INSERT OR REPLACE INTO rows VALUES ('a', ?)", value);
    return "ok";
  }
}

/** About what the head of a run weighs. */
const VALUE = "x".repeat(1500);
/** Objects that take turns in being written again. */
const OLD = 32;
let turn = 0;

export default {
  async fetch(request, env) {
    const path = request.url.slice(request.url.lastIndexOf("/"));
    if (path === "/empty") return new Response("ok");
    if (path === "/new-object") return new Response(await env.BOX.getByName(crypto.randomUUID()).put(VALUE));
    if (path === "/old-object") return new Response(await env.BOX.getByName(`old ${turn++ % OLD}`).put(VALUE));
    if (path === "/d1-table") {
      await env.DB.exec("CREATE TABLE IF NOT EXISTS rows (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID");
      return new Response("ok");
    }
    if (path === "/d1") {
      await env.DB.prepare("INSERT INTO rows VALUES (?, ?)").bind(crypto.randomUUID(), VALUE).run();
      return new Response("ok");
    }
    return new Response(null, { status: 404 });
  },
};
