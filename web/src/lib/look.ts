/**
 * How a person likes the pages to look: theme, time zone, list density. It travels in one cookie, so that the server renders
 * the right thing at once and no script has to run before the first paint.
 *
 * What the cookie says is a wish, never trusted: anything unknown falls back to the default.
 */
export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];
export const CLOCKS = ["local", "utc", "relative"] as const;
/** Which way all times of all pages are told. */
export type Clock = (typeof CLOCKS)[number];
export const DENSITIES = ["table", "cards"] as const;
export type Density = (typeof DENSITIES)[number];

export interface Look {
  theme: Theme;
  clock: Clock;
  /** The browser's own zone, as it last told it; UTC until then. */
  zone: string;
  density: Density;
  /** The side navigation shows icons only. */
  narrow: boolean;
  /** Long log lines break instead of scrolling. */
  wrap: boolean;
  /** Shortcuts of a single letter work. */
  keys: boolean;
}

export const LOOK_COOKIE = "millrace_look";

export const DEFAULT_LOOK: Readonly<Look> = Object.freeze({
  theme: "system",
  clock: "local",
  zone: "UTC",
  density: "table",
  narrow: false,
  wrap: true,
  keys: true,
});

/** Reads the cookie's value. */
export function parseLook(text: string | null | undefined): Look {
  const fields = new URLSearchParams(text ?? "");
  return {
    theme: oneOf(THEMES, fields.get("theme"), DEFAULT_LOOK.theme),
    clock: oneOf(CLOCKS, fields.get("clock"), DEFAULT_LOOK.clock),
    zone: knownZone(fields.get("zone")),
    density: oneOf(DENSITIES, fields.get("density"), DEFAULT_LOOK.density),
    narrow: flag(fields.get("narrow"), DEFAULT_LOOK.narrow),
    wrap: flag(fields.get("wrap"), DEFAULT_LOOK.wrap),
    keys: flag(fields.get("keys"), DEFAULT_LOOK.keys),
  };
}

/** Writes the cookie's value; what is default is left out. */
export function formatLook(look: Look): string {
  const fields = new URLSearchParams();
  for (const key of Object.keys(DEFAULT_LOOK) as (keyof Look)[]) {
    if (look[key] !== DEFAULT_LOOK[key]) fields.set(key, String(look[key]));
  }
  return fields.toString();
}

/** What a field of the form of looks holds, and held when the page came. */
type Choice = Pick<HTMLInputElement, "name" | "value" | "checked" | "defaultChecked">;

/** What was chosen in a form of looks since its page came. */
export function chosenIn(fields: readonly Choice[]): Partial<Look> {
  const touched = fields.filter(({ checked, defaultChecked }) => checked !== defaultChecked);
  const told = new URLSearchParams(
    touched.flatMap(({ name, value, checked }) =>
      name === "keys" ? [[name, String(checked)]] : checked ? [[name, value]] : [],
    ),
  );
  const look: Partial<Record<keyof Look, unknown>> = parseLook(told.toString());
  return Object.fromEntries(Object.entries(look).filter(([name]) => told.has(name)));
}

/** The cookie as a line for `document.cookie`: kept for a year, sent to this site only. */
export const lookCookie = (look: Look): string =>
  `${LOOK_COOKIE}=${encodeURIComponent(formatLook(look))}; Path=/; Max-Age=31536000; SameSite=Lax`;

function oneOf<const T extends string>(known: readonly T[], value: string | null, otherwise: T): T {
  return (known as readonly (string | null)[]).includes(value) ? (value as T) : otherwise;
}

const flag = (value: string | null, otherwise: boolean): boolean =>
  value === "true" ? true : value === "false" ? false : otherwise;

function knownZone(zone: string | null): string {
  if (!zone || zone.length > 64) return DEFAULT_LOOK.zone;
  try {
    return new Intl.DateTimeFormat("en-GB", { timeZone: zone }).resolvedOptions().timeZone;
  } catch {
    return DEFAULT_LOOK.zone;
  }
}
