/** What stands in a form over a schema, as fields or as JSON, and what is wrong with it. */
import type { JsonObject } from "@millrace/domain/json.ts";
import { type Entries, entriesFrom, entriesOf, type Field, fieldsOf, readEntries, wholeOf } from "./schema-form.ts";

export class SchemaState {
  readonly fields: readonly Field[];
  entries: Entries = $state({});
  /** What JSON said that no field has a place for. */
  extra: JsonObject = $state.raw({});
  asJson = $state(false);
  json = $state("");
  faults: Record<string, string> = $state.raw({});
  /** What is wrong with the whole. */
  refused: string | null = $state(null);

  constructor(schema: JsonObject | null, values: JsonObject) {
    this.fields = fieldsOf(schema, values);
    this.entries = entriesOf(this.fields);
    this.asJson = this.fields.length === 0;
    this.json = JSON.stringify(values, null, 2);
  }

  /** From fields to JSON, or back. */
  turn(): void {
    this.refused = null;
    this.faults = {};
    if (!this.asJson) this.json = JSON.stringify({ ...wholeOf(this.fields, this.entries), ...this.extra }, null, 2);
    else {
      const whole = this.#parsed();
      if (!whole) return;
      ({ entries: this.entries, extra: this.extra } = entriesFrom(this.fields, whole));
    }
    this.asJson = !this.asJson;
  }

  /** What was said: only what differs from what is there anyway, or all that the JSON says. Null: something is wrong, and shown. */
  read(): JsonObject | null {
    this.refused = null;
    if (this.asJson) return this.#parsed();
    const { parameters, faults } = readEntries(this.fields, this.entries);
    this.faults = faults;
    return Object.keys(faults).length > 0 ? null : { ...this.extra, ...parameters };
  }

  #parsed(): JsonObject | null {
    try {
      const value: unknown = JSON.parse(this.json);
      if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as JsonObject;
    } catch {
      // Said below.
    }
    this.refused = "The values are no JSON object.";
    return null;
  }
}
