/** Ids that depend on nothing but how many were made before: a seed repeats, and an id tells when in its simulation it was made. */
let made = 0;

export function restartIds(): void {
  made = 0;
}

export function uuidv7(): string {
  made += 1;
  const hex = made.toString(16).padStart(12, "0");
  return `01900000-0000-7000-8000-${hex}`;
}
