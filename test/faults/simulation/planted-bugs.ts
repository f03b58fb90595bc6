/**
 * Bugs to be planted in the service, one at a time: the simulation is only as good as what it finds. Each is a slip that somebody
 * could make in good faith, made by wrapping what the classes do.
 */
import type { Service } from "../platform/service.ts";

export const PLANTED: Readonly<Record<string, (service: Service) => void>> = {};

/** Starts machines that have the bug. */
export function planted(name: string, start: () => Service): () => Service {
  const plant = PLANTED[name];
  if (!plant) throw new Error(`There is no bug «${name}»; there are ${Object.keys(PLANTED).join(", ")}.`);
  return () => {
    const service = start();
    plant(service);
    return service;
  };
}
