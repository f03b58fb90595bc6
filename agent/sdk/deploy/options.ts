/** How a flow is deployed. */
import type { JsonObject } from "@millrace/domain/json.ts";

export interface DeployOptions<Input = unknown> {
  /** The deployment's name; with the flow's it is `flow/name`. */
  name: string;
  /** The pool whose agents run it; without one, a deployment that is there stays where it is. */
  workPool?: string;
  queue?: string;
  /** Parameters that a run has where its caller gives none. */
  parameters?: Partial<Input>;
  tags?: readonly string[];
  description?: string;
  version?: string;
  /** For the infrastructure: `env` (variables of the process), `on_agent_lost` ("crash" or "reclaim"), `grace_seconds`. */
  jobVariables?: JsonObject;
  /** The file that declares the flow; by default the program that is running. */
  file?: string;
  /** Packages that are not put into the bundle: the machine that runs it must have them. */
  external?: readonly string[];
}

export interface Deployed {
  id: string;
  /** `flow/name`. */
  name: string;
  sha256: string;
  /** Bytes of the bundle. */
  size: number;
  /** The pool whose agents run it; null: nobody does. */
  pool: string | null;
}
