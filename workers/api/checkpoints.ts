import { createHash } from "node:crypto";
import { checkpoints } from "@millrace/contract/checkpoints.ts";
import type { Checkpoint, CheckpointContent } from "@millrace/domain/flow-run/checkpoint.ts";
import type { Json } from "@millrace/domain/json.ts";
import { formatInstant } from "@millrace/domain/time.ts";
import { isProblem } from "../../durable-objects/flow-run/rpc.ts";
import { pack, unpack } from "../../durable-objects/kit/packed.ts";
import { reporterOf, type Tenant } from "../auth/credential.ts";
import type { Env } from "../env.ts";
import { beginRun, refuseProblem, runAt } from "./flow-runs.ts";
import { notFound, Refusal } from "./refusal.ts";
import { type App, serve } from "./serve.ts";

/** Bytes of JSON up to which a value lies in the run's object; a larger one lies in the bucket, by its hash. */
const INLINE = 64 * 1024;

/** What a run keeps of itself, and running it again with that. */
export function serveCheckpoints(app: App): void {
  serve(app, checkpoints.write, async ({ env, tenant, params, body, credential }) => {
    const object = runAt(env, tenant, params.id);
    const text = JSON.stringify(body.value);
    const size = Buffer.byteLength(text);
    const content: CheckpointContent =
      size <= INLINE
        ? { value: body.value, sha256: null, size }
        : { value: null, sha256: createHash("sha256").update(text).digest("hex"), size };
    // The bytes are there before the run says so; what nobody says of is found again by whoever writes the same.
    if (content.sha256) {
      if ((await object.read(tenant)) === null) notFound("flow run", params.id);
      await env.BLOBS.put(blobOf(tenant, content.sha256), text);
    }
    const how = { expected: body.version, reporter: reporterOf(credential) };
    const written = await object.writeCheckpoint(tenant, params.id, params.key, pack(content), how);
    if (isProblem(written)) throw new Refusal(written);
    return toWire(unpack(written));
  });

  serve(app, checkpoints.read, async ({ env, tenant, params }) => {
    const packed = await runAt(env, tenant, params.id).checkpoint(tenant, params.key);
    const checkpoint = packed === null ? notFound("checkpoint", params.key) : unpack(packed);
    return { ...toWire(checkpoint), value: await keptValue(env, tenant, checkpoint) };
  });

  serve(app, checkpoints.list, async ({ env, tenant, params, query }) => {
    const packed = await runAt(env, tenant, params.id).checkpoints(tenant, query);
    if (packed === null) notFound("flow run", params.id);
    return unpack(packed).map((one) => ({ ...toWire(one), value: one.value, large: one.sha256 !== null }));
  });

  serve(app, checkpoints.remove, async ({ env, tenant, params, credential }) => {
    refuseProblem(
      await runAt(env, tenant, params.id).removeCheckpoint(tenant, params.id, params.key, reporterOf(credential)),
    );
  });

  serve(app, checkpoints.rerun, async ({ env, tenant, params, body, credential }) => {
    const { parameters, name, from_task: fromTask } = body;
    const reporter = reporterOf(credential);
    const birth = await runAt(env, tenant, params.id).rerun(
      tenant,
      params.id,
      { parameters, name, fromTask },
      reporter,
    );
    if (isProblem(birth)) throw new Refusal(birth);
    return beginRun(env, tenant, unpack(birth));
  });
}

const blobOf = (tenant: Tenant, sha256: string): string => `${tenant.workspace}/checkpoints/${sha256}`;

const toWire = ({ key, version, size, created, updated }: Checkpoint) => ({
  key,
  version,
  size,
  created: formatInstant(created),
  updated: formatInstant(updated),
});

async function keptValue(env: Env, tenant: Tenant, { sha256, value, key }: Checkpoint): Promise<Json> {
  if (sha256 === null) return value;
  const blob = (await env.BLOBS.get(blobOf(tenant, sha256))) ?? notFound("checkpoint", key);
  const text = await blob.text();
  // What lies there is named by its hash: anything else is not what the run kept.
  if (createHash("sha256").update(text).digest("hex") !== sha256) notFound("checkpoint", key);
  return JSON.parse(text) as Json;
}
