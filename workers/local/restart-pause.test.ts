import { expect, test } from "vitest";
import { restartPause } from "./restart-pause.ts";

test("[LO14] the pause doubles up to half a minute", () => {
  const pauses: number[] = [];
  let failures = 0;
  for (let life = 0; life < 8; life++) {
    const next = restartPause(failures, 0.3);
    pauses.push(next.pause);
    failures = next.failures;
  }
  expect(pauses).toEqual([1, 2, 4, 8, 16, 30, 30, 30]);
});

test("[LO14] a life that lasted makes the pause short again", () => {
  expect(restartPause(7, 60)).toEqual({ pause: 1, failures: 1 });
  expect(restartPause(7, 59)).toEqual({ pause: 30, failures: 8 });
});
