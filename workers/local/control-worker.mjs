// Runs beside the Worker in workerd and does for the host what only bindings can: statements on the databases, the
// Worker's own bootstrap, its cron. Reached on a loopback port of its own; every request must show the secret that the
// host made for this start.
/** Compares in time that does not depend on where the texts differ. */
function same(given, wanted) {
  const encoder = new TextEncoder();
  const [a, b] = [encoder.encode(given), encoder.encode(wanted)];
  return a.byteLength === b.byteLength && crypto.subtle.timingSafeEqual(a, b);
}

export default {
  async fetch(request, env) {
    if (!same(request.headers.get("authorization") ?? "", env.CONTROL_SECRET))
      return new Response(null, { status: 404 });
    const [, verb, name] = new URL(request.url).pathname.split("/");
    const input = await request.json();
    if (verb === "sql") {
      const database = env[name];
      const results = await database.batch(input.map(({ sql, values }) => database.prepare(sql).bind(...values)));
      return Response.json(results.map(({ results: rows }) => rows));
    }
    if (verb === "seed") return Response.json(await env.BOOTSTRAP.seed(input));
    if (verb === "lift-allow-lists") {
      await env.BOOTSTRAP.liftAllowLists();
      return Response.json(null);
    }
    if (verb === "cron") {
      const { outcome } = await env.WORKER.scheduled({ cron: input.cron, scheduledTime: new Date(input.at) });
      return Response.json(outcome);
    }
    return new Response(null, { status: 404 });
  },
};
