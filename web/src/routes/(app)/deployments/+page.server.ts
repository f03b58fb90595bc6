import { DEPLOYMENTS_LOADED, loadDeployments } from "$lib/deployment/load-deployments.ts";
import { listLoad } from "$lib/list/list-load.ts";

export const load = listLoad("deployment", DEPLOYMENTS_LOADED, loadDeployments);
