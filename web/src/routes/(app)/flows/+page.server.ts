import { FLOWS_LOADED, loadFlows } from "$lib/flow/load-flows.ts";
import { listLoad } from "$lib/list/list-load.ts";

export const load = listLoad("flow", FLOWS_LOADED, loadFlows);
