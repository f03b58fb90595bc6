import { BLOCKS_LOADED, loadBlocks } from "$lib/block/load-blocks.ts";
import { listLoad } from "$lib/list/list-load.ts";

export const load = listLoad("block", BLOCKS_LOADED, loadBlocks);
