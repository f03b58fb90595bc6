/** Ids that depend on nothing but how many were made before: a seed repeats, and an id tells when in its simulation it was made. */
let made = 0;

export function restartIds(): void {
  made = 0;
}

/** The time of the first one. */
const FIRST = 0x0190_0000_0000;

export function uuidv7(): string {
  made += 1;
  const time = (FIRST + made).toString(16).padStart(12, "0");
  // Each half tells it from others: of some ids only one is kept.
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${made.toString(16).padStart(12, "0")}`;
}
