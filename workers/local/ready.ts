/** Waits until the parts of the service answer, each at its own address. */
import { setTimeout as wait } from "node:timers/promises";
import { ask } from "./ask.ts";
import type { Local } from "./local-file.ts";
import { StartProblem } from "./problem.ts";

/** Seconds for one part; it takes one or two. */
const LIMIT = 60;
/** Milliseconds between two questions. */
const PAUSE = 40;

/** Resolves when the API answers. */
export const untilApi = (url: string): Promise<void> =>
  until("API", async () => (await ask(`${url}/api/health`)).status === 200);

/** Resolves when the web app answers. */
export const untilWeb = (url: string): Promise<void> =>
  until("web app", async () => (await ask(`${url}/`)).status < 500);

/** Resolves when an agent is connected to the pool. */
export const untilAgent = ({ api_url, api_key }: Local, pool: string): Promise<void> =>
  until("agent", async () => {
    const { status, text } = await ask(`${api_url}/work_pools/${pool}/agents`, {
      headers: { authorization: `Bearer ${api_key}` },
    });
    return status === 200 && (JSON.parse(text) as { status: string }[]).some((agent) => agent.status === "ONLINE");
  });

async function until(part: string, answers: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + LIMIT * 1000;
  for (;;) {
    const good = await answers().catch(() => false);
    if (good) return;
    if (Date.now() > deadline)
      throw new StartProblem(`The ${part} did not answer within ${LIMIT} s; what it printed is above.`);
    await wait(PAUSE);
  }
}
