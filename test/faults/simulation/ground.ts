/** What the simulations of one process share. The process is given to them: its globals are theirs from now on. */
import { Tables } from "../platform/database.ts";
import { installGlobals } from "../platform/globals.ts";
import { bundleService, type Machine } from "../platform/service.ts";
import { plantedBug } from "./planted-bugs.ts";
import type { Ground } from "./world.ts";

/** `plant`: the bug that all machines have. `withApi`: they have the whole API. */
export async function prepareGround(plant: string | null = null, { withApi = false } = {}): Promise<Ground> {
  const bug = plant === null ? null : plantedBug(plant);
  const evaluate = await bundleService({ edit: bug?.edit, withApi });
  const machines: Machine[] = [];
  const ground: Ground = {
    tables: new Tables(),
    machines() {
      let started = 0;
      return () => {
        const machine = machines[started] ?? evaluate();
        machine.forget();
        started += 1;
        // A bug that is put around the code may remember what the code's own modules would not.
        if (bug?.plant) bug.plant(machine.service);
        else machines[started - 1] = machine;
        return machine.service;
      };
    },
  };
  installGlobals();
  // What the service says of faults that it meets is no news here.
  console.error = () => {};
  return ground;
}
