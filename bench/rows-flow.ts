/** The run whose written rows are counted: five tasks and twenty log lines. */
import { ctx, flow, task } from "millrace";

const step = task("step", async (number: number) => {
  const { log } = ctx();
  for (let line = 0; line < 4; line++) log.info(`step ${number}, line ${line}`);
  return number;
});

export const rows = flow("bench-rows", async () => {
  let sum = 0;
  for (let number = 0; number < 5; number++) sum += await step(number);
  return sum;
});
