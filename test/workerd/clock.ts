/** The clock of tests inside the Workers runtime. */
import { vi } from "vitest";

/** Moves the clock alone: timers, alarms and sockets go on as they do. `vi.useRealTimers()` puts it right. */
export function laterBy(seconds: number): void {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + seconds * 1000 });
}
