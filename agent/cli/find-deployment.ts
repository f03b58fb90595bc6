/** Finds the deployment that somebody means, by `flow/name` or by its id. */
import type { WireDeployment } from "@millrace/contract/deployments.ts";
import { ApiError, type Client } from "../sdk/api/connect.ts";
import { Problem, usage } from "./problem.ts";

const ID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

export async function findDeployment(api: Client, meant: string): Promise<WireDeployment> {
  const at = meant.indexOf("/");
  if (at <= 0 && !ID.test(meant)) throw usage(`"${meant}" is no deployment; write it as flow/deployment.`, meant);
  try {
    if (at <= 0) return await api("GET /deployments/{id}", { params: { id: meant } });
    return await api("GET /deployments/name/{flow_name}/{deployment_name}", {
      params: { flow_name: meant.slice(0, at), deployment_name: meant.slice(at + 1) },
    });
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
    throw new Problem(`There is no deployment "${meant}".`, {
      code: "not_found",
      fix: "`millrace deployment ls` lists them.",
    });
  }
}
