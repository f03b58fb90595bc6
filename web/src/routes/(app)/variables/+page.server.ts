import { listLoad } from "$lib/list/list-load.ts";
import { loadVariables, VARIABLES_LOADED } from "$lib/variable/load-variables.ts";

export const load = listLoad("variable", VARIABLES_LOADED, loadVariables);
