import { ARTIFACTS_LOADED, loadArtifacts } from "$lib/artifact/load-artifacts.ts";
import { listLoad } from "$lib/list/list-load.ts";

export const load = listLoad("artifact", ARTIFACTS_LOADED, loadArtifacts);
