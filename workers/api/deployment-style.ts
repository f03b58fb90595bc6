/**
 * Which wire a deployment is told in: under the cloud's paths it has the fields that the cloud's has besides.
 *
 * A program that speaks the self-hosted server's wire is not told of versions and branches, which that wire does not know.
 */
import type { WireDeployment } from "@millrace/contract/deployments.ts";
import type { DeploymentRow } from "./deployment-records.ts";
import { workspaceInPath } from "./serve.ts";

/** A deployment in the wire of the request's path. */
export function inStyleOf(request: Request, row: DeploymentRow, shown: WireDeployment): WireDeployment {
  if (!workspaceInPath(request.url)) return shown;
  return {
    ...shown,
    status: row.disabled === 1 ? "DISABLED" : shown.status,
    version_id: row.version_id,
    version_info: row.version_info === null ? null : JSON.parse(row.version_info),
    branch: row.branch,
    base: row.base,
    root: row.root,
    disabled: row.disabled === 1,
    is_schedule_active: !shown.paused,
    schedule: shown.schedules[0]?.schedule ?? null,
    infra_overrides: shown.job_variables,
    manifest_path: null,
  };
}
