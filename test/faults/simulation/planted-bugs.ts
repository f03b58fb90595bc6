/**
 * Bugs to be planted in the service, one at a time: the simulation is only as good as what it finds. Each is a slip that somebody
 * could make in good faith, made by wrapping what the classes do.
 */
import { Ledger } from "../../../durable-objects/flow-run/ledger.ts";
import { PoolLedger } from "../../../durable-objects/work-pool/ledger.ts";

export const PLANTED: Readonly<Record<string, () => void>> = {};

export function plant(name: string): void {
  const bug = PLANTED[name];
  if (!bug) throw new Error(`There is no bug «${name}»; there are ${Object.keys(PLANTED).join(", ")}.`);
  bug();
}

void Ledger;
void PoolLedger;
