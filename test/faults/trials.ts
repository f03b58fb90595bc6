/**
 * Trials of one part at its worst, from the command line, and what their tests run:
 *
 *   node test/faults/trials.ts queue [--messages 10000]
 *   node test/faults/trials.ts index --fault throws [--minutes 10] [--seed 1]
 *
 * Each prints one line of JSON.
 */
import { parseArgs } from "node:util";
import { prepareGround } from "./simulation/ground.ts";
import { indexTrial } from "./simulation/index-trial.ts";
import { queueTrial } from "./simulation/queue-trial.ts";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    messages: { type: "string", default: "10000" },
    fault: { type: "string", default: "throws" },
    minutes: { type: "string", default: "10" },
    seed: { type: "string", default: "1" },
  },
});

const say = console.log;
const ground = await prepareGround();
const outcome =
  positionals[0] === "queue"
    ? await queueTrial(Number(values.messages), ground)
    : await indexTrial(values.fault, Number(values.minutes), Number(values.seed), ground);
say(JSON.stringify(outcome));
