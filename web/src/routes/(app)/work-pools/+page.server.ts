import { listLoad } from "$lib/list/list-load.ts";
import { loadPools, POOLS_LOADED } from "$lib/pool/load-pools.ts";

export const load = listLoad("work pool", POOLS_LOADED, loadPools);
