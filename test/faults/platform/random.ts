/** Dice that a seed decides. Each purpose has dice of its own, so that more throws of one do not change another. */
export class Random {
  #a: number;

  constructor(seed: number, purpose: string) {
    let hash = 2_166_136_261;
    for (const char of `${seed}/${purpose}`) hash = Math.imul(hash ^ char.charCodeAt(0), 16_777_619);
    this.#a = hash >>> 0;
  }

  /** At least 0, less than 1. */
  next(): number {
    this.#a = (this.#a + 0x6d2b79f5) >>> 0;
    let t = this.#a;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }

  chance(probability: number): boolean {
    return probability > 0 && this.next() < probability;
  }

  between(least: number, most: number): number {
    return least + this.next() * (most - least);
  }

  /** A whole number from 0 to below `count`. */
  below(count: number): number {
    return Math.floor(this.next() * count);
  }

  pick<T>(list: readonly T[]): T {
    const one = list[this.below(list.length)];
    if (one === undefined && list.length === 0) throw new RangeError("There is nothing to pick from.");
    return one as T;
  }

  /** Mostly short, now and then long: `mean` on average. */
  around(mean: number): number {
    return -Math.log(1 - this.next()) * mean;
  }

  uuid(): string {
    const hex = (digits: number) => {
      let text = "";
      while (text.length < digits) text += this.below(16).toString(16);
      return text;
    };
    return `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`;
  }
}

/**
 * Dice for each of many places, all of one seed. What one place throws does not change another's throws: a simulation from which
 * something is left out goes on elsewhere as it did.
 */
export class Dice {
  readonly #seed: number;
  readonly #family: string;
  readonly #known = new Map<string, Random>();

  constructor(seed: number, family: string) {
    this.#seed = seed;
    this.#family = family;
  }

  at(place: string): Random {
    let random = this.#known.get(place);
    if (!random) {
      random = new Random(this.#seed, `${this.#family}/${place}`);
      this.#known.set(place, random);
    }
    return random;
  }
}
