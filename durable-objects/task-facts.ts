/**
 * What the rules about task runs ask of others (domain/task-run/needs.ts), and what they have others do: slots of the limits on its
 * tags, and answers that are kept under cache keys.
 *
 * KI50 A slot that was granted and not used is given back before the caller is answered; so are those that a state gives back.
 * KI51 An answer is there for whoever asks after it was told; of two under one key the later holds.
 */
import type { State } from "@millrace/domain/state.ts";
import type { TaskVerdict } from "@millrace/domain/task-run/decide.ts";
import type { TaskNeeds } from "@millrace/domain/task-run/needs.ts";
import type { Effect, Facts, TagSlots } from "@millrace/domain/task-run/rule.ts";
import type { TaskRun } from "@millrace/domain/task-run/run.ts";
import type { Instant } from "@millrace/domain/time.ts";
import { concurrencyLimitAt, type ObjectNamespaces } from "./addresses.ts";
import type { Limit } from "./concurrency-limit/rpc.ts";
import { type Shards, shardOf } from "./env.ts";
import type { Owner } from "./flow-run/rpc.ts";
import { limitsNamed } from "./limits.ts";
import { acquireSlots } from "./slots.ts";

type Env = ObjectNamespaces & Shards;
export type GatheredFacts = Pick<Facts, "slots" | "cached">;

/** The name of the limit on a tag. */
const TAG = "tag:";

const limitsOf = (env: Env, owner: Owner, tags: readonly string[]): Promise<Limit[]> =>
  limitsNamed(
    env,
    owner,
    tags.map((tag) => TAG + tag),
  );

/** What a transition of a task run needs to know. Slots are taken by this; `beforeSlots` is called before any is, and may say no. */
export async function gatherTaskFacts(
  env: Env,
  owner: Owner,
  taskRun: string,
  { cacheKey, tags }: TaskNeeds,
  now: Instant,
  beforeSlots: () => boolean = () => true,
): Promise<GatheredFacts> {
  const cached = cacheKey === null ? null : await answerFor(env, owner, cacheKey, now);
  // Who has the answer needs no slot.
  if (cached !== null || tags.length === 0) return { cached, slots: null };
  const limits = await limitsOf(env, owner, tags);
  if (!limits.some(({ active }) => active)) return { cached, slots: null };
  if (!beforeSlots()) return { cached, slots: null };
  const holder = { type: "task_run", id: taskRun } as const;
  const answer = await acquireSlots(env, owner, limits, { slots: 1, holder, seconds: null });
  return { cached, slots: slotsOf(answer) };
}

function slotsOf(answer: Awaited<ReturnType<typeof acquireSlots>>): TagSlots {
  if (answer.kind === "granted") return { kind: "granted" };
  const tag = answer.name.slice(TAG.length);
  return answer.kind === "never" ? { kind: "closed", tag } : { kind: "full", tags: [tag], seconds: answer.seconds };
}

/** Gives back what a task run has of the slots of its tags. */
export async function freeTagSlots(env: Env, owner: Owner, { id, tags }: Pick<TaskRun, "id" | "tags">): Promise<void> {
  const holder = { type: "task_run", id } as const;
  const limits = await limitsOf(env, owner, tags);
  await Promise.all(
    limits.map((limit) => concurrencyLimitAt(env, owner.workspace, limit.id).releaseHolder(owner, holder)),
  );
}

/** Whether the task run has no slot any more after this verdict: it had no use for one, or its state gives it back. */
export function leavesTags(verdict: TaskVerdict, { slots }: GatheredFacts): boolean {
  if (slots?.kind === "granted" && !(verdict.kind === "accept" && verdict.state.type === "RUNNING")) return true;
  return effectsOf(verdict).some(({ kind }) => kind === "release-slots");
}

/** Keeps the answers that a verdict has others know. */
export async function keepAnswers(env: Env, owner: Owner, verdict: TaskVerdict, now: Instant): Promise<void> {
  if (verdict.kind !== "accept" && verdict.kind !== "reject") return;
  for (const effect of effectsOf(verdict))
    if (effect.kind === "keep-cached") await keepAnswer(env, owner, effect, verdict.state, now);
}

/** What a verdict has others do; nothing, where it changed nothing. */
function effectsOf(verdict: TaskVerdict): readonly Effect[] {
  const entered = verdict.kind === "accept" || (verdict.kind === "reject" && verdict.changed);
  return entered ? verdict.effects : [];
}

async function answerFor(env: Env, { workspace, shard }: Owner, key: string, now: Instant): Promise<State | null> {
  const row = await shardOf(env, shard)
    .prepare(
      "SELECT state FROM task_answers WHERE workspace_id = ?1 AND key = ?2 AND (expires IS NULL OR expires > ?3)",
    )
    .bind(workspace, key, now)
    .first<{ state: string }>();
  return row && (JSON.parse(row.state) as State);
}

async function keepAnswer(
  env: Env,
  { workspace, shard }: Owner,
  { key, expiration }: Extract<Effect, { kind: "keep-cached" }>,
  state: State,
  now: Instant,
): Promise<void> {
  await shardOf(env, shard)
    .prepare(
      `INSERT INTO task_answers (workspace_id, key, state, expires, created) VALUES (?1, ?2, ?3, ?4, ?5)
       ON CONFLICT (workspace_id, key) DO UPDATE SET state = ?3, expires = ?4, created = ?5 WHERE created <= ?5`,
    )
    .bind(workspace, key, JSON.stringify(state), expiration, now)
    .run();
}

/** For a proposal that needs nothing of others. */
export const NOTHING_GATHERED: GatheredFacts = { slots: null, cached: null };
