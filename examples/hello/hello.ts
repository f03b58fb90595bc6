/** The flow that a new server has to show: a small harvest, with everything a timeline can tell of. */
import { artifact, ctx, flow, task } from "millrace";

interface Parcel {
  field: string;
  grains: number;
}

const pause = (ms: number, signal: AbortSignal) =>
  new Promise<void>((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });

/** Fails at its first attempt, as such things do. */
const openSluice = task("open-sluice", { retries: 2, retryDelay: "300ms" }, async () => {
  const { log, signal, task: info } = ctx();
  await pause(150, signal);
  if (info?.attempt === 1) throw new Error("the sluice is stuck");
  log.info("water runs in the race");
  return { litresPerSecond: 240 };
});

const harvest = task("harvest", { tags: ["field"] }, async (field: string, grains: number): Promise<Parcel> => {
  const { log, signal } = ctx();
  await pause(250 + grains, signal);
  log.info("harvested", { field, grains });
  return { field, grains };
});

const grind = task("grind", async (parcels: readonly Parcel[], water: { litresPerSecond: number }) => {
  const { log, signal } = ctx();
  const bar = await artifact.progress({ key: "grinding", description: "Flour from the parcels" });
  let flour = 0;
  for (const [index, parcel] of parcels.entries()) {
    await pause(60_000 / water.litresPerSecond, signal);
    flour += parcel.grains * 0.8;
    const percent = Math.round(((index + 1) / parcels.length) * 100);
    bar.set(percent);
    log.info(`ground ${percent} %`, { field: parcel.field });
  }
  return Math.round(flour);
});

const label = task("label", async (name: string, flour: number) => {
  await pause(120, ctx().signal);
  return `${flour} kg of flour for ${name}`;
});

export const hello = flow(
  "hello",
  { description: "Harvests, grinds and labels: tasks side by side, one that is retried, a progress bar, a result." },
  async ({ name = "the world" }: { name?: string }) => {
    const { log } = ctx();
    log.info(`Hello, ${name}!`);
    const water = openSluice.submit();
    const parcels = harvest.map(["north", "east", "south", "west"], [120, 340, 210, 460]);
    const flour = await grind(parcels, water);
    const text = await label(name, flour);
    await artifact.table({
      key: "harvest",
      description: "What each field gave",
      rows: await Promise.all(parcels),
    });
    log.info(text);
    return { text, flour };
  },
);
