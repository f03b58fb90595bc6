/**
 * Calls between those who live in the simulation.
 *
 * NE1  A call is done once or not at all, whatever its caller hears of it; only a client's request may be done twice, as by a
 *      proxy or a client that asks again while its first try is still on its way.
 * NE2  Calls overtake each other. What one of them carries is a copy.
 */
import type { Life } from "./life.ts";
import type { Dice, Random } from "./random.ts";
import type { Time } from "./time.ts";
import type { Weather } from "./weather.ts";

/** Milliseconds, at most, by which a second copy of a request comes late. */
const ECHO = 30_000;
/** Milliseconds, on average, of a slow message. */
const SLOW = 4_000;

export class Network {
  readonly time: Time;
  readonly dice: Dice;
  weather: Weather;

  constructor(time: Time, dice: Dice, weather: Weather) {
    this.time = time;
    this.dice = dice;
    this.weather = weather;
  }

  /** Milliseconds that one message takes. */
  delay(random: Random): number {
    const { least, mean, slow } = this.weather;
    return least + random.around(random.chance(slow) ? SLOW : mean);
  }

  /** Carries a call to where `deliver` does it, and its answer back. `to` names whom it is for. */
  call<T>(from: Life, to: string, deliver: () => Promise<T>, { mayRepeat = false } = {}): Promise<T> {
    const { time, weather } = this;
    const random = this.dice.at(`${from.name} to ${to}`);
    return new Promise<T>((resolve, reject) => {
      const back = (end: () => void) => time.after(this.delay(random), () => from.alive && end());
      if (random.chance(weather.lost)) return back(() => reject(new Error("Network connection lost.")));
      const unanswered = random.chance(weather.unanswered);
      const lost = () => reject(new Error("Network connection lost."));
      time.after(this.delay(random), () => {
        deliver().then(
          (answer) => back(unanswered ? lost : () => resolve(copy(answer))),
          (error) => back(() => reject(error)),
        );
      });
      if (mayRepeat && random.chance(weather.twice)) {
        time.after(this.delay(random) + random.between(0, ECHO), () => void deliver().catch(() => {}));
      }
    });
  }
}

/** A copy of plain data, as a structured clone makes one. */
export function copy<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(copy) as T;
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  const made: Record<string, unknown> = {};
  for (const [key, one] of Object.entries(value)) made[key] = copy(one);
  return made as T;
}
