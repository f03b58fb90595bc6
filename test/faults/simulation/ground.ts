/** What the simulations of one process share. The process is given to them: its globals are theirs from now on. */
import { makeTables } from "../platform/database.ts";
import { installGlobals } from "../platform/globals.ts";
import { bundleService } from "../platform/service.ts";
import { plantedBug } from "./planted-bugs.ts";
import type { Ground } from "./world.ts";

/** `plant`: the bug that all machines have. */
export async function prepareGround(plant: string | null = null): Promise<Ground> {
  const bug = plant === null ? null : plantedBug(plant);
  const start = await bundleService(bug?.edit);
  const ground: Ground = {
    tables: makeTables(),
    start() {
      const service = start();
      bug?.plant?.(service);
      return service;
    },
  };
  installGlobals();
  // What the service says of faults that it meets is no news here.
  console.error = () => {};
  return ground;
}
