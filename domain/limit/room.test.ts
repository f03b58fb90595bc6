import { expect, test } from "vitest";
import { fromMilliseconds, type Instant, plusSeconds } from "../time.ts";
import { hasRoom, levelAt, remaining, slotsOf } from "./room.ts";

const START = fromMilliseconds(1_800_000_000_000);
const at = (seconds: number): Instant => plusSeconds(START, seconds);

test.each([
  // case                              level  decay  after  slots
  ["[LI2] nothing decays at once", 3, 5, 0, 3],
  ["[LI2] a part of a slot is a slot", 3, 5, 0.1, 3],
  ["[LI2] one fifth of a second, one slot", 3, 5, 0.2, 2],
  ["[LI2] down to none", 3, 5, 60, 0],
  ["[LI2] without decay all stay", 3, 0, 60, 3],
  ["[LI2] a clock that stepped back frees nothing", 3, 5, -60, 3],
  ["[LI2] thirds that do not add up are no slot more", 0.1 + 0.2 + 2.7, 0, 0, 3],
])("%s", (_case, level, decay, after, slots) => {
  expect(slotsOf(levelAt({ slots: level, at: START }, decay, at(after)))).toBe(slots);
});

test("[LI2] what has decayed is not there to be given back", () => {
  expect(remaining(2, START, 1, at(0.5))).toBeCloseTo(1.5);
  expect(remaining(2, START, 1, at(3))).toBe(0);
});

test.each([
  // case                                          limit  taken  ahead  slots  room
  ["[LI1] the last slot", 3, 2, 0, 1, true],
  ["[LI1] one too many", 3, 3, 0, 1, false],
  ["[LI1] the last slot is wanted by who came before", 3, 2, 1, 1, false],
  ["[LI1] enough for those before and this one", 3, 0, 2, 1, true],
  ["[LI1] a limit of none", 0, 0, 0, 1, false],
  ["[LI1] a limit of a billion", 1e9, 1e9 - 1, 0, 1, true],
])("%s", (_case, limit, taken, ahead, slots, room) => {
  expect(hasRoom({ limit, active: true, decay: 0 }, taken, ahead, slots)).toBe(room);
});
