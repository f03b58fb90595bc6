/** A deployment as lists show it. */
import type { WireDeployment } from "@millrace/contract/deployments.ts";
import { lacks } from "../access.ts";

export interface DeploymentRow {
  id: string;
  name: string;
  flowId: string;
  /** READY, NOT_READY, or PAUSED. */
  status: string;
  pool: string | null;
  queue: string | null;
  tags: string[];
  schedules: number;
}

export const deploymentRow = (deployment: WireDeployment): DeploymentRow => ({
  id: deployment.id,
  name: deployment.name,
  flowId: deployment.flow_id,
  status: deployment.paused ? "PAUSED" : deployment.status,
  pool: deployment.work_pool_name,
  queue: deployment.work_queue_name,
  tags: deployment.tags,
  schedules: deployment.schedules.length,
});

/** Why this session cannot start a run; null when it can. */
export const cannotRun = (scopes: readonly string[]): string | null => lacks(scopes, "run_deployments");
