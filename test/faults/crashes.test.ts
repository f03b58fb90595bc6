/** F4: the end of an object, and of the machine, at each moment of a story at which it matters. */
import { expect, test } from "vitest";
import { simulate } from "./simulate.ts";

/** Orders of the story's messages. `MILLRACE_ORDERS` sets how many also for the end of a machine. */
const ORDERS = 2;
const MACHINE_ORDERS = Number(process.env.MILLRACE_ORDERS ?? 1);
const orders = (end: string, count: number) =>
  Array.from({ length: count }, (_, at): [string, number] => [end, at + 1]);

test.each([...orders("object", ORDERS), ...orders("machine", MACHINE_ORDERS)])(
  "[FA16] the end of the %s at any moment of the story, in order %i, changes nothing of how it ends",
  async (end, seed) => {
    const parts = ["0", "1"].map((part) =>
      simulate("trials.ts", "crashes", "--end", end, "--seed", String(seed), "--part", part, "--parts", "2"),
    );
    const [one, other] = (await Promise.all(parts)).map(({ summary }) => summary);
    expect([one?.violations, other?.violations]).toEqual([[], []]);
    expect(Number(one?.moments) + Number(other?.moments)).toBeGreaterThan(250);
    const kinds = one?.kinds as string[];
    for (const kind of ["begins claim", "answers claim", "begins alarm", "sends to the queue", "sets its alarm"])
      expect(kinds).toContain(`flow_run ${kind}`);
    for (const kind of [
      "work_pool calls FlowRun.claim",
      "flow_run calls EventHub.announce",
      "event_hub begins announce",
    ])
      expect(kinds).toContain(kind);
  },
  180_000,
);

test("[FA16] what is lost by an end at one moment alone is found", async () => {
  const { summary } = await simulate("trials.ts", "crashes", "--plant", "told-before-heard");
  expect(summary.violations).not.toEqual([]);
}, 180_000);
