import type { WireLog } from "@millrace/contract/logs.ts";
import fc from "fast-check";
import { expect, test } from "vitest";
import { wholeLog } from "./whole-log.ts";

test("[WE30] a downloaded log has every line once, in order, however many share a moment", async () => {
  const counts = fc.array(fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 150, max: 450 })), {
    maxLength: 6,
  });
  await fc.assert(
    fc.asyncProperty(counts, async (lengths) => {
      const all = lengths.flatMap((length, second) =>
        Array.from(
          { length },
          (_, n) => ({ id: `${second}-${n}`, timestamp: `2026-01-01T00:00:0${second}.000000Z` }) as WireLog,
        ),
      );
      const got: WireLog[] = [];
      const pages = wholeLog(async ({ after, skip }, limit) =>
        all.filter(({ timestamp }) => after === null || timestamp >= after).slice(skip, skip + limit),
      );
      for await (const page of pages) got.push(...page);
      expect(got.map(({ id }) => id)).toEqual(all.map(({ id }) => id));
    }),
  );
});
