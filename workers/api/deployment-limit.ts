/** The limit that the runs of a deployment are held to. */
import type { WireDeployment } from "@millrace/contract/deployments.ts";
import { isObject } from "@millrace/domain/json.ts";
import { instant, parseInstant } from "@millrace/domain/time.ts";
import type { DeploymentLimit } from "../../durable-objects/flow-run/rpc.ts";

/** Seconds for which a slot is held without a sign of life, where the deployment does not say. */
const GRACE_SECONDS = 300;

/** What a run's object has to know of the limit of its deployment. */
export function limitToHold(
  deployment: Pick<WireDeployment, "global_concurrency_limit" | "concurrency_options">,
): DeploymentLimit | null {
  const limit: unknown = deployment.global_concurrency_limit;
  const options: unknown = deployment.concurrency_options;
  if (!isObject(limit)) return null;
  const at = (text: unknown) => parseInstant(String(text)) ?? instant(0);
  return {
    limit: {
      id: String(limit.id),
      name: String(limit.name),
      limit: Number(limit.limit),
      active: limit.active !== false,
      decay: Number(limit.slot_decay_per_second ?? 0),
      created: at(limit.created),
      updated: at(limit.updated),
    },
    collision: isObject(options) && options.collision_strategy === "CANCEL_NEW" ? "CANCEL_NEW" : "ENQUEUE",
    graceSeconds: Number((isObject(options) && options.grace_period_seconds) || GRACE_SECONDS),
  };
}
