/** `flow.deploy(…)`: deploys the flow of a program from that program. */
import { fileURLToPath } from "node:url";
import { connect } from "../api/connect.ts";
import { findSettings } from "../api/settings.ts";
import { SettingsError } from "../errors.ts";
import type { FlowDefinition } from "../flow.ts";
import { isLoading } from "../registry.ts";
import { bundleFile } from "./bundle.ts";
import { deployFlow } from "./deploy-flow.ts";
import type { Deployed, DeployOptions } from "./options.ts";

const BUDGET_MS = 30_000;

/** Undefined when the file is only being loaded for its flows, by a run or by `millrace deploy`: the call does nothing then. */
export async function deployFromCode(
  definition: FlowDefinition,
  options: DeployOptions<unknown>,
): Promise<Deployed | undefined> {
  if (isLoading()) return undefined;
  const file = options.file ?? process.argv[1];
  if (!file) throw new SettingsError("deploy(): say which file declares the flow, as `file`.");
  const path = file.startsWith("file:") ? fileURLToPath(file) : file;
  const bundle = await bundleFile(path, { external: options.external ?? [], hosted: true });
  const settings = await findSettings();
  return deployFlow(connect(settings, { budgetMs: BUDGET_MS }), definition, bundle, options);
}
