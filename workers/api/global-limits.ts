import { globalLimits, type WireGlobalLimit, type WireMinimalLimit } from "@millrace/contract/concurrency-limits.ts";
import { formatInstant } from "@millrace/domain/time.ts";
import type { Holder, Limit } from "../../durable-objects/concurrency-limit/rpc.ts";
import { limitsNamed } from "../../durable-objects/limits.ts";
import { acquireSlots, releaseSlots, renewSlots, type SlotsAnswer } from "../../durable-objects/slots.ts";
import type { Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";
import { announceLifecycle, type LifecycleAction } from "./lifecycle-events.ts";
import { changeLimit, countLimits, createLimit, deleteLimit, findLimit, limitAt, listLimits } from "./limits.ts";
import { notFound, Refusal } from "./refusal.ts";
import { type App, serve } from "./serve.ts";

/** Concurrency limits by name, and the slots of all limits. */
export function serveGlobalLimits(app: App): void {
  serve(app, globalLimits.create, async ({ env, tenant, body, afterwards }) => {
    const { name, limit, active, slot_decay_per_second: decay, active_slots: taken } = body;
    if (taken > limit) moreThanLimit("active_slots", taken, limit);
    const made = await createLimit(env, tenant, { name, limit, active, decay });
    if (taken > 0) await limitAt(env, tenant, made).setTaken(tenant, made, taken);
    afterwards(announceLimit(env, tenant, "created", made));
    const { denied_slots } = body;
    return { ...limitToWire(made, taken), denied_slots, avg_slot_occupancy_seconds: USUAL_OCCUPANCY };
  });
  serve(app, globalLimits.read, async ({ env, tenant, params }) => {
    const limit = await limitOf(env, tenant, params.id_or_name);
    return limitToWire(limit, (await limitAt(env, tenant, limit).occupation(tenant)).taken);
  });
  serve(app, globalLimits.holders, async ({ env, tenant, params }) => {
    const limit = await limitOf(env, tenant, params.id_or_name);
    const { taken, held, waiting } = await limitAt(env, tenant, limit).occupation(tenant);
    return {
      active_slots: taken,
      holders: held.map(({ lease, slots, holder, since, until }) => ({
        lease_id: lease,
        slots,
        holder,
        since: formatInstant(since),
        until: until && formatInstant(until),
      })),
      waiting: waiting.map(({ holder, slots, since }) => ({ holder, slots, since: formatInstant(since) })),
    };
  });
  serve(app, globalLimits.update, async ({ env, tenant, params, body, afterwards }) => {
    const { name, active, limit, active_slots: taken, slot_decay_per_second: decay } = body;
    const known = await limitOf(env, tenant, params.id_or_name);
    const most = limit ?? known.limit;
    if (taken !== null && taken > most) moreThanLimit("active_slots", taken, most);
    const changed =
      (await changeLimit(env, tenant, known, { name, active, limit, decay })) ?? noLimit(params.id_or_name);
    if (taken !== null) await limitAt(env, tenant, changed).setTaken(tenant, changed, taken);
    afterwards(announceLimit(env, tenant, "updated", changed));
  });
  serve(app, globalLimits.remove, async ({ env, tenant, params, afterwards }) => {
    const limit = await limitOf(env, tenant, params.id_or_name);
    if (!(await deleteLimit(env, tenant, limit))) noLimit(params.id_or_name);
    afterwards(announceLimit(env, tenant, "deleted", limit));
  });
  serve(app, globalLimits.filter, ({ env, tenant, body }) => list(env, tenant, body));
  serve(app, globalLimits.paginate, async ({ env, tenant, body: { limit, page } }) => {
    const [results, count] = await Promise.all([
      list(env, tenant, { limit, offset: (page - 1) * limit }),
      countLimits(env, tenant),
    ]);
    return { results, count, limit, pages: limit === 0 ? 0 : Math.ceil(count / limit), page };
  });

  serve(app, globalLimits.increment, async ({ env, tenant, body }) => {
    const limits = await limitsNamed(env, tenant, body.names);
    await take(env, tenant, limits, { ...body, holder: null, seconds: null });
    return limits.map(minimal);
  });
  serve(app, globalLimits.incrementWithLease, async ({ env, tenant, body }) => {
    const limits = await limitsNamed(env, tenant, body.names);
    const lease_id = await take(env, tenant, limits, { ...body, seconds: body.lease_duration });
    return { lease_id, limits: limits.map(minimal) };
  });
  serve(app, globalLimits.renew, async ({ env, tenant, params, body }) => {
    if (!(await renewSlots(env, tenant, params.lease_id, body.lease_duration)))
      throw new Refusal({ code: "gone", what: "lease", id: params.lease_id });
  });
  serve(app, globalLimits.decrement, async ({ env, tenant, body }) => {
    const limits = await limitsNamed(env, tenant, body.names);
    const active = limits.filter((limit) => limit.active);
    await Promise.all(active.map((limit) => limitAt(env, tenant, limit).giveBack(tenant, body.slots)));
    return limits.map(minimal);
  });
  serve(app, globalLimits.decrementWithLease, ({ env, tenant, body }) => releaseSlots(env, tenant, body.lease_id));
}

/** What a limit without history says of how long its slots are held, in seconds: the wire's default. */
const USUAL_OCCUPANCY = 2;

interface Wanted {
  slots: number;
  mode: "concurrency" | "rate_limit";
  holder: Holder | null;
  seconds: number | null;
}

/** Takes slots of these limits, and answers the lease; refused where they are taken, or never can be. */
async function take(env: Env, tenant: Tenant, limits: readonly Limit[], wanted: Wanted): Promise<string> {
  const endless = limits.filter(({ active, decay }) => active && decay === 0).map(({ name }) => name);
  if (wanted.mode === "rate_limit" && endless.length > 0)
    throw new Refusal({
      code: "invalid",
      field: "names",
      message: `Only limits with slot decay can limit a rate, and these have none: ${endless.join(", ")}`,
    });
  const { slots, holder, seconds } = wanted;
  return leaseOf(await acquireSlots(env, tenant, limits, { slots, holder, seconds }), slots);
}

/** The lease of a grant; anything else is a refusal. */
function leaseOf(answer: SlotsAnswer, slots: number): string {
  switch (answer.kind) {
    case "granted":
      return answer.lease;
    case "wait":
      throw new Refusal({ code: "slots_taken", limit: answer.name, retryAfter: answer.seconds });
    case "never":
      return moreThanLimit("slots", slots, answer.limit);
    default:
      return answer satisfies never;
  }
}

function moreThanLimit(field: string, slots: number, limit: number): never {
  throw new Refusal({ code: "invalid", field, message: `${slots} slots are more than the limit, which is ${limit}` });
}

async function list(env: Env, tenant: Tenant, cut: { limit: number; offset: number }): Promise<WireGlobalLimit[]> {
  const limits = await listLimits(env, tenant, { ...cut, tags: false });
  const occupations = await Promise.all(limits.map((limit) => limitAt(env, tenant, limit).occupation(tenant)));
  return limits.map((limit, at) => limitToWire(limit, occupations[at]?.taken ?? 0));
}

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

async function limitOf(env: Env, tenant: Tenant, idOrName: string): Promise<Limit> {
  const by = UUID.test(idOrName) ? { id: idOrName.toLowerCase() } : { name: idOrName };
  return (await findLimit(env, tenant, by)) ?? noLimit(idOrName);
}

const noLimit = (id: string): never => notFound("concurrency Limit", id);

/** Tells the workspace what became of a limit. */
export const announceLimit = (env: Env, tenant: Tenant, action: LifecycleAction, limit: Limit): Promise<void> =>
  announceLifecycle(env, tenant, "concurrency-limit", action, {
    id: limit.id,
    name: limit.name,
    payload: { name: limit.name, limit: limit.limit, active: limit.active, slot_decay_per_second: limit.decay },
  });

const limitToWire = (limit: Limit, taken: number): WireGlobalLimit => ({
  id: limit.id,
  created: formatInstant(limit.created),
  updated: formatInstant(limit.updated),
  active: limit.active,
  name: limit.name,
  limit: limit.limit,
  active_slots: taken,
  slot_decay_per_second: limit.decay,
});

const minimal = ({ id, name, limit }: Limit): WireMinimalLimit => ({ id, name, limit });
