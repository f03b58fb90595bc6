import fc from "fast-check";
import { expect, test } from "vitest";
import { Lease } from "./lease.ts";

const LEASE = 30_000;

test("[AG40] a frame prolongs the lease only once a pong proves that it arrived", () => {
  const lease = new Lease(LEASE);
  lease.welcomed(0, LEASE);
  expect(lease.left(0)).toBe(LEASE);
  lease.frameSent(10_000);
  lease.pingSent();
  expect(lease.left(10_000)).toBe(LEASE - 10_000);
  lease.pongReceived();
  expect(lease.left(10_000)).toBe(LEASE);
});

test("[AG40] the agent's clock never runs out later than the server's, whatever is lost on the way", () => {
  // One line: what is sent arrives in order after a delay, until it is cut. The server counts from each arrival, the agent from
  // what it knows of. Once a run has been claimed at least one frame has arrived.
  const action = fc.record({
    pause: fc.integer({ min: 0, max: 20_000 }),
    delay: fc.integer({ min: 0, max: 9_000 }),
    answered: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(action, { maxLength: 30 }), fc.integer({ min: 0, max: 30 }), (actions, cutAfter) => {
      const lease = new Lease(LEASE);
      lease.welcomed(0, LEASE);
      let clock = 0;
      let serverDeadline = LEASE;
      for (const [index, { pause, delay, answered }] of actions.entries()) {
        clock += pause;
        if (lease.left(clock) <= 0) break;
        lease.frameSent(clock);
        lease.pingSent();
        if (index < cutAfter) {
          serverDeadline = Math.max(serverDeadline, clock + delay + LEASE);
          if (answered) lease.pongReceived();
        }
        expect(clock + lease.left(clock)).toBeLessThanOrEqual(serverDeadline);
      }
    }),
  );
});
