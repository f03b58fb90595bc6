/** Deployments with the name by which people mean them: `flow/name`. */
import type { WireDeployment } from "@millrace/contract/deployments.ts";
import type { Client } from "../sdk/api/connect.ts";
import { everyPage } from "./every-page.ts";

const PAGE = 200;

/** These, or all there are. */
export async function namedDeployments(
  api: Client,
  some: readonly WireDeployment[] | null = null,
): Promise<(WireDeployment & { full_name: string })[]> {
  const deployments = some ?? (await everyPage((page) => api("POST /deployments/filter", { body: page })));
  const ids = [...new Set(deployments.map((deployment) => deployment.flow_id))];
  const names = new Map<string, string>();
  for (let at = 0; at < ids.length; at += PAGE)
    for (const flow of await api("POST /flows/filter", {
      body: { flows: { id: { any_: ids.slice(at, at + PAGE) } }, limit: PAGE },
    }))
      names.set(flow.id, flow.name);
  return deployments.map((one) => ({ ...one, full_name: `${names.get(one.flow_id) ?? "?"}/${one.name}` }));
}
