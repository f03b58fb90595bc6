/** Which run the code belongs to. */
import type { JsonObject } from "@millrace/domain/json.ts";

/** What `ctx().run` shows. */
export interface RunInfo {
  readonly id: string;
  readonly name: string;
  /** 1 for the first attempt. */
  readonly attempt: number;
  readonly parameters: JsonObject;
  readonly tags: readonly string[];
  readonly flow: { readonly id: string; readonly name: string };
  readonly deploymentId: string | null;
}
