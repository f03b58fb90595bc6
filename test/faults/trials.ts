/**
 * Trials of one part at its worst, from the command line, and what their tests run:
 *
 *   node test/faults/trials.ts queue [--messages 10000]
 *   node test/faults/trials.ts alarms [--seeds 1]
 *   node test/faults/trials.ts crashes [--end object] [--seed 1] [--part 0 --parts 1] [--plant <bug>]
 *   node test/faults/trials.ts schedules [--from 1] [--seeds 40] [--plant <bug>] [--trace]
 *   node test/faults/trials.ts evictions [--how sleep] [--part 0 --parts 1]
 *   node test/faults/trials.ts index --fault throws [--minutes 10] [--seed 1]
 *
 * Each prints one line of JSON.
 */
import { parseArgs } from "node:util";
import { alarmTrial } from "./simulation/alarm-trial.ts";
import { crashTrial, ENDS } from "./simulation/crash-trial.ts";
import { evictionTrial } from "./simulation/eviction-trial.ts";
import { prepareGround } from "./simulation/ground.ts";
import { indexTrial } from "./simulation/index-trial.ts";
import { queueTrial } from "./simulation/queue-trial.ts";
import { scheduleTrial } from "./simulation/schedule-trial.ts";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    messages: { type: "string", default: "10000" },
    fault: { type: "string", default: "throws" },
    minutes: { type: "string", default: "10" },
    seed: { type: "string", default: "1" },
    seeds: { type: "string", default: "1" },
    plant: { type: "string" },
    end: { type: "string", default: "object" },
    how: { type: "string", default: "sleep" },
    from: { type: "string", default: "1" },
    trace: { type: "boolean", default: false },
    part: { type: "string", default: "0" },
    parts: { type: "string", default: "1" },
  },
});

const say = console.log;
const ground = await prepareGround(values.plant, { withApi: positionals[0] === "evictions" });
const trials: Record<string, () => Promise<object>> = {
  alarms: () => alarmTrial(Number(values.seeds), ground),
  crashes: () => {
    const [seed, part, parts] = [Number(values.seed), Number(values.part), Number(values.parts)];
    const end = ENDS.find((one) => one === values.end);
    if (!end) throw new Error(`What ends is one of ${ENDS.join(", ")}.`);
    return crashTrial({ seed, end, part, parts }, ground);
  },
  evictions: () => evictionTrial({ how: values.how, part: Number(values.part), parts: Number(values.parts) }, ground),
  index: () => indexTrial(values.fault, Number(values.minutes), Number(values.seed), ground),
  schedules: () => scheduleTrial(Number(values.from), Number(values.seeds), ground, values.trace),
  queue: () => queueTrial(Number(values.messages), ground),
};
const trial = trials[positionals[0] ?? ""];
if (!trial) throw new Error(`There are trials of ${Object.keys(trials).join(", ")}.`);
say(JSON.stringify(await trial()));
