import { tagLimits, type WireTagLimit } from "@millrace/contract/concurrency-limits.ts";
import { formatInstant } from "@millrace/domain/time.ts";
import type { Holder, Limit } from "../../durable-objects/concurrency-limit/rpc.ts";
import { limitsNamed } from "../../durable-objects/limits.ts";
import { acquireSlots } from "../../durable-objects/slots.ts";
import type { Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";
import { announceLimit } from "./global-limits.ts";
import { changeLimit, createLimit, deleteLimit, findLimit, limitAt, listLimits } from "./limits.ts";
import { notFound, Refusal } from "./refusal.ts";
import { type App, serve } from "./serve.ts";

/** Limits of tags: at most so many task runs of a tag at once. */
export function serveTagLimits(app: App): void {
  serve(app, tagLimits.create, async ({ env, tenant, body, afterwards }) => {
    const [name, limit] = [PREFIX + body.tag, body.concurrency_limit];
    const known = await findLimit(env, tenant, { name });
    const changed = known && (await changeLimit(env, tenant, known, { name: null, active: null, limit, decay: null }));
    const settled = changed ?? (await createLimit(env, tenant, { name, limit, active: true, decay: 0 }));
    afterwards(announceLimit(env, tenant, changed ? "updated" : "created", settled));
    return { status: changed ? 200 : 201, result: await tagLimitToWire(env, tenant, settled) };
  });
  serve(app, tagLimits.readByTag, async ({ env, tenant, params }) =>
    tagLimitToWire(env, tenant, await ofTag(env, tenant, params.tag)),
  );
  serve(app, tagLimits.read, async ({ env, tenant, params }) =>
    tagLimitToWire(env, tenant, await ofId(env, tenant, params.id)),
  );
  serve(app, tagLimits.filter, async ({ env, tenant, body }) => {
    const limits = await listLimits(env, tenant, { ...body, tags: true });
    return Promise.all(limits.map((limit) => tagLimitToWire(env, tenant, limit)));
  });
  serve(app, tagLimits.reset, async ({ env, tenant, params, body }) => {
    const limit = await ofTag(env, tenant, params.tag);
    const holders = [...new Set(body.slot_override)].map(taskRun);
    const never = await limitAt(env, tenant, limit).setHolders(tenant, limit, holders);
    if (never)
      throw new Refusal({
        code: "invalid",
        field: "slot_override",
        message: `${holders.length} slots are more than the limit, which is ${never.limit}`,
      });
    return null;
  });

  const remove = async (env: Env, tenant: Tenant, limit: Limit): Promise<null> => {
    await deleteLimit(env, tenant, limit);
    await announceLimit(env, tenant, "deleted", limit);
    return null;
  };
  serve(app, tagLimits.removeByTag, async ({ env, tenant, params }) =>
    remove(env, tenant, await ofTag(env, tenant, params.tag)),
  );
  serve(app, tagLimits.remove, async ({ env, tenant, params }) =>
    remove(env, tenant, await ofId(env, tenant, params.id)),
  );

  serve(app, tagLimits.increment, async ({ env, tenant, body }) => {
    const limits = await limitsNamed(env, tenant, body.names.map(limitName));
    const wanted = { slots: 1, holder: taskRun(body.task_run_id), seconds: null };
    const answer = await acquireSlots(env, tenant, limits, wanted);
    if (answer.kind !== "granted") {
      // A limit of 0 is one that is always full: a task run has to be told to wait, not that its request was wrong.
      const retryAfter = answer.kind === "wait" ? answer.seconds : LONGEST_WAIT;
      throw new Refusal({ code: "slots_taken", limit: answer.name, retryAfter });
    }
    return limits.filter(({ active }) => active).map(({ id, name, limit }) => ({ id, name: tagOf(name), limit }));
  });
  serve(app, tagLimits.decrement, async ({ env, tenant, body }) => {
    const limits = await limitsNamed(env, tenant, body.names.map(limitName));
    const holder = taskRun(body.task_run_id);
    await Promise.all(limits.map((limit) => limitAt(env, tenant, limit).releaseHolder(tenant, holder)));
    return limits.map(({ id, name, limit }) => ({ id, name, limit }));
  });
}

const PREFIX = "tag:";
/** Seconds after which a task run asks again for a slot of a limit that has none. */
const LONGEST_WAIT = 30;

/** The name of a tag's limit. */
const limitName = (tag: string): string => PREFIX + tag;
const tagOf = (name: string): string => name.slice(PREFIX.length);
const taskRun = (id: string): Holder => ({ type: "task_run", id });

async function ofTag(env: Env, tenant: Tenant, tag: string): Promise<Limit> {
  return (await findLimit(env, tenant, { name: limitName(tag) })) ?? notFound("concurrency limit", tag);
}

async function ofId(env: Env, tenant: Tenant, id: string): Promise<Limit> {
  const limit = await findLimit(env, tenant, { id });
  return limit?.name.startsWith(PREFIX) ? limit : notFound("concurrency limit", id);
}

async function tagLimitToWire(env: Env, tenant: Tenant, limit: Limit): Promise<WireTagLimit> {
  const { held } = await limitAt(env, tenant, limit).occupation(tenant);
  return {
    id: limit.id,
    created: formatInstant(limit.created),
    updated: formatInstant(limit.updated),
    tag: tagOf(limit.name),
    concurrency_limit: limit.limit,
    active_slots: held.flatMap(({ holder }) => (holder?.type === "task_run" ? holder.id : [])),
  };
}
