/**
 * The text of which the checksum of a block schema is made: JSON as Python writes it with its keys sorted, since the client computes
 * the checksum too, in Python, and asks for schemas by it.
 *
 * BL1  Definitions of other blocks do not count, nor does the list of secrets: a block's schema is its own fields.
 */

/** A number as it was written: 1.0 is not 1 to Python. */
class Written {
  readonly digits: string;

  constructor(digits: string) {
    this.digits = digits;
  }
}

type Parsed = null | boolean | string | Written | Parsed[] | { [key: string]: Parsed };
type Fields = { [key: string]: Parsed };

const isFields = (value: Parsed | undefined): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Written);

/** The text to be hashed; `text`: a JSON object, `path`: where in it the schema's fields lie. */
export function checksumText(text: string, path: readonly string[] = []): string {
  const whole = JSON.parse(text, keepDigits) as Parsed;
  const found = path.reduce<Parsed | undefined>((at, key) => (isFields(at) ? at[key] : undefined), whole);
  const fields = withoutSecretFields(isFields(found) ? found : {}) as Fields;
  const { definitions } = fields;
  if (isFields(definitions) && Object.keys(definitions).length > 0) {
    const own = definitionsUsed(fields, definitions);
    if (Object.keys(own).length > 0) fields.definitions = own;
    else delete fields.definitions;
  }
  return `[[${written(fields)}], {}]`;
}

/** What a reviver is told of a number's source; the compiler's library does not know it yet. */
interface Source {
  source?: string;
}

const keepDigits = (_key: string, value: unknown, context?: Source): unknown =>
  typeof value === "number" ? new Written(context?.source ?? String(value)) : value;

function withoutSecretFields(value: Parsed): Parsed {
  if (!isFields(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== "secret_fields")
      .map(([key, one]) => [key, withoutSecretFields(one)]),
  );
}

/** Definitions that an object refers to, also by way of others, and that are no blocks. */
function definitionsUsed(object: Parsed, definitions: Fields, seen = new Set<string>()): Fields {
  const used: Fields = {};
  for (const reference of references(object)) {
    const key = reference.replace("#/definitions/", "");
    const definition = Object.hasOwn(definitions, key) ? definitions[key] : undefined;
    if (!isFields(definition) || Object.keys(definition).length === 0 || seen.has(key)) continue;
    if ((definition.block_type_slug ?? null) !== null) continue;
    used[key] = definition;
    Object.assign(used, definitionsUsed(definition, definitions, new Set([...seen, key])));
  }
  return used;
}

function references(value: Parsed | undefined): string[] {
  if (Array.isArray(value)) return value.flatMap(references);
  if (!isFields(value)) return [];
  const own = typeof value.$ref === "string" ? [value.$ref] : [];
  return [...own, ...Object.values(value).flatMap(references)];
}

/** JSON as Python's `json.dumps(…, sort_keys=True)` writes it. */
function written(value: Parsed): string {
  if (value instanceof Written) return pythonNumber(value.digits);
  if (Array.isArray(value)) return `[${value.map(written).join(", ")}]`;
  if (isFields(value)) {
    const keys = Object.keys(value).sort(byCodePoints);
    return `{${keys.map((key) => `${ascii(key)}: ${written(value[key] as Parsed)}`).join(", ")}}`;
  }
  return typeof value === "string" ? ascii(value) : String(value);
}

const ascii = (text: string): string =>
  JSON.stringify(text).replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);

function byCodePoints(a: string, b: string): number {
  const [x, y] = [[...a], [...b]];
  for (let at = 0; at < Math.min(x.length, y.length); at++) {
    const difference = (x[at]?.codePointAt(0) ?? 0) - (y[at]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return x.length - y.length;
}

/** A number as Python writes the one that it reads from these digits. */
function pythonNumber(digits: string): string {
  if (/^-?\d+$/.test(digits)) return digits === "-0" ? "0" : digits;
  const number = Number(digits);
  if (!Number.isFinite(number)) return number > 0 ? "Infinity" : "-Infinity";
  if (Object.is(number, -0)) return "-0.0";
  const size = Math.abs(number);
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) {
    const [mantissa, exponent] = number.toExponential().split("e") as [string, string];
    return `${mantissa}e${exponent[0]}${exponent.slice(1).padStart(2, "0")}`;
  }
  return Number.isInteger(number) ? `${number}.0` : String(number);
}
