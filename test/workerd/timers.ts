/** Timers of tests inside the Workers runtime. */
import { vi } from "vitest";

/**
 * Makes timers a thousand times faster until `vi.restoreAllMocks()`. Fake ones would ring in the test's own request, which may not
 * touch the sockets and storage of others.
 */
export function hurry(name: "setTimeout" | "setInterval"): void {
  const real = globalThis[name] as (work: () => void, milliseconds?: number) => unknown;
  vi.spyOn(globalThis, name).mockImplementation(((work: () => void, milliseconds = 0) =>
    real(work, milliseconds / 1000)) as never);
}
