import { expect, test } from "vitest";
import { limitToHold } from "./deployment-limit.ts";

const LIMIT = {
  ...{ id: "01a20db2-0000-7000-8000-000000000001", name: "deployment:d", limit: 2, active: true, active_slots: 1 },
  ...{ slot_decay_per_second: 0, created: "2026-01-01T00:00:00.000001Z", updated: "2026-01-01T00:00:00.000002Z" },
};

test("[AP92] a run holds the limit of its deployment as it was when it began", () => {
  expect(limitToHold({ global_concurrency_limit: LIMIT, concurrency_options: null })).toMatchObject({
    limit: { id: LIMIT.id, name: "deployment:d", limit: 2, active: true, decay: 0, updated: 1_767_225_600_000_002 },
    ...{ collision: "ENQUEUE", graceSeconds: 300 },
  });
  const options = { collision_strategy: "CANCEL_NEW", grace_period_seconds: 60 } as const;
  expect(limitToHold({ global_concurrency_limit: LIMIT, concurrency_options: options })).toMatchObject({
    ...{ collision: "CANCEL_NEW", graceSeconds: 60 },
  });
  expect(limitToHold({ global_concurrency_limit: null, concurrency_options: null })).toBeNull();
});
