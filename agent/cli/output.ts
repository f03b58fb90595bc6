/**
 * What a command prints. Data goes to stdout in the format that was asked for: a table for people, TSV into a pipe, JSON for
 * programs; everything else goes to stderr. Ids are never cut.
 */
import pc from "picocolors";
import { usage } from "./problem.ts";
import { tableLines } from "./table.ts";

export const FORMATS = ["table", "tsv", "json", "jsonl", "name"] as const;
export type Format = (typeof FORMATS)[number];

/** One column of a list: its title, and the text of it in a row. */
export interface Column<Row> {
  title: string;
  of: (row: Row) => string | number | null;
  /** It is a moment: a table shows it in the zone of its reader, all else as the wire has it. */
  moment?: boolean;
  /** Colours the text on a terminal. */
  paint?: (text: string, row: Row, colours: Colours) => string;
}

export type Colours = ReturnType<typeof pc.createColors>;

export interface List<Row> {
  rows: readonly Row[];
  columns: Readonly<Record<string, Column<Row>>>;
  /** What `-o name` prints of a row. */
  name: (row: Row) => string;
  /** What `-o json` prints of a row; the row itself when absent. */
  json?: (row: Row) => unknown;
  /** Said on a terminal where there is no row. */
  empty: string;
}

export interface OutputOptions {
  stdout: Sink;
  stderr: Sink;
  format: string | undefined;
  fields: string | undefined;
  quiet: boolean;
  colour: boolean;
}

export interface Sink {
  write(text: string): unknown;
  isTTY?: boolean;
  /** The width of a terminal. */
  columns?: number;
}

export class Output {
  readonly format: Format;
  readonly colours: Colours;
  readonly #options: OutputOptions;

  constructor(options: OutputOptions) {
    this.#options = options;
    this.format = checkedFormat(options.format) ?? (options.stdout.isTTY ? "table" : "tsv");
    this.colours = pc.createColors(options.colour && options.stdout.isTTY === true);
  }

  get isJson(): boolean {
    return this.format === "json" || this.format === "jsonl";
  }

  /** A line of data. */
  line(text: string): void {
    this.#options.stdout.write(`${text}\n`);
  }

  json(value: unknown): void {
    this.line(this.format === "jsonl" ? JSON.stringify(value) : JSON.stringify(value, null, 2));
  }

  /** A sentence for the person who waits. */
  say(text: string): void {
    if (!this.#options.quiet) this.#options.stderr.write(`${text}\n`);
  }

  /** A sentence that even `--quiet` shows. */
  complain(text: string): void {
    this.#options.stderr.write(`${text}\n`);
  }

  list<Row>(list: List<Row>): void {
    const { rows } = list;
    const json = this.#projected(list);
    if (this.format === "name") for (const row of rows) this.line(list.name(row));
    else if (this.format === "jsonl") for (const row of rows) this.line(JSON.stringify(json(row)));
    else if (this.format === "json") this.json(rows.map(json));
    else this.#table(list);
  }

  /** One thing, field by field. */
  record(fields: Readonly<Record<string, string | number | null>>, json: unknown, name: string): void {
    if (this.format === "name") this.line(name);
    else if (this.isJson) this.json(this.#options.fields === undefined ? json : this.#picked(fields));
    else this.#fields(fields);
  }

  #fields(fields: Readonly<Record<string, string | number | null>>): void {
    const shown = this.#chosen(Object.keys(fields)).map((key) => [key, plain(fields[key] ?? null)] as const);
    if (this.format === "tsv") for (const [key, text] of shown) this.line(`${key}\t${oneLine(text)}`);
    else {
      const width = Math.max(...shown.map(([key]) => key.length));
      for (const [key, text] of shown)
        this.line(`${this.colours.dim(key.padEnd(width))}  ${text.replaceAll("\n", `\n${" ".repeat(width + 2)}`)}`);
    }
  }

  #table<Row>({ rows, columns, empty }: List<Row>): void {
    const keys = this.#chosen(Object.keys(columns));
    const chosen = keys.map((key) => columns[key] as Column<Row>);
    const texts = rows.map((row) => chosen.map((column) => plain(column.of(row))));
    if (this.format === "tsv") {
      for (const cells of texts) this.line(cells.map(oneLine).join("\t"));
      return;
    }
    if (rows.length === 0) {
      this.say(empty);
      return;
    }
    const lines = tableLines({
      titles: chosen.map(({ title }) => title),
      rows: texts.map((cells) => cells.map((text, at) => (chosen[at]?.moment ? localTime(text) : text))),
      ids: keys.indexOf("id"),
      room: this.#options.stdout.columns ?? Number.POSITIVE_INFINITY,
      paint: (text, row, at) => chosen[at]?.paint?.(text, rows[row] as Row, this.colours) ?? text,
      dim: this.colours.dim,
    });
    for (const line of lines) this.line(line);
  }

  /** What JSON has of a row: the whole of it, or the columns that were chosen. */
  #projected<Row>({ columns, json = (row) => row }: List<Row>): (row: Row) => unknown {
    if (this.#options.fields === undefined) return json;
    const chosen = this.#chosen(Object.keys(columns));
    return (row) => Object.fromEntries(chosen.map((key) => [key, (columns[key] as Column<Row>).of(row)]));
  }

  #picked(fields: Readonly<Record<string, unknown>>): unknown {
    return Object.fromEntries(this.#chosen(Object.keys(fields)).map((key) => [key, fields[key]]));
  }

  #chosen(known: readonly string[]): readonly string[] {
    if (this.#options.fields === undefined) return known;
    const wanted = this.#options.fields.split(",").map((field) => field.trim());
    const unknown = wanted.find((field) => !known.includes(field));
    if (unknown !== undefined)
      throw usage(`There is no field "${unknown}"; there are ${known.join(", ")}.`, "--fields");
    return wanted;
  }
}

function checkedFormat(format: string | undefined): Format | undefined {
  if (format === undefined || (FORMATS as readonly string[]).includes(format)) return format as Format | undefined;
  throw usage(`There is no output format "${format}"; there are ${FORMATS.join(", ")}.`, "--output");
}

/** The wire's moment in the zone of this machine, to the second. */
function localTime(at: string): string {
  const time = new Date(at);
  if (Number.isNaN(time.getTime())) return at;
  const two = (n: number) => String(n).padStart(2, "0");
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}

const plain = (value: string | number | null): string => (value === null ? "" : String(value));
/** Tabs and line ends are what separates TSV. */
const oneLine = (text: string): string => text.replaceAll("\\", "\\\\").replaceAll("\t", "\\t").replaceAll("\n", "\\n");
