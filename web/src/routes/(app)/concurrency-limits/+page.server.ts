import { LIMITS_LOADED, loadLimits } from "$lib/limit/load-limits.ts";
import { listLoad } from "$lib/list/list-load.ts";

export const load = listLoad("limit", LIMITS_LOADED, loadLimits);
