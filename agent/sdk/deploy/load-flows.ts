/** Loads a bundle in this process for the flows that it declares. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { SettingsError } from "../errors.ts";
import type { FlowDefinition } from "../flow.ts";
import { loadingFlows, type SdkCopy, sdkCopies } from "../registry.ts";
import type { Bundle } from "./bundle.ts";

export interface LoadedFlows {
  /** The bundle's own copy of the SDK: what runs its flows. */
  sdk: SdkCopy;
  /** The flows that the file exports; all that it declares where it exports none. */
  flows: FlowDefinition[];
  /** All that it declares: what a name may mean. */
  declared: FlowDefinition[];
}

export async function loadFlows(bundle: Bundle, source: string): Promise<LoadedFlows> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-"));
  const path = join(folder, bundle.file);
  const before = sdkCopies().length;
  let module: Record<string, unknown>;
  try {
    await writeFile(path, bundle.bytes);
    module = await loadingFlows(() => import(pathToFileURL(path).href));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const sdk = sdkCopies()[before];
  if (!sdk) throw new SettingsError(`${source} does not use the package millrace: it declares no flow.`);
  const exported = Object.values(module).flatMap((value) => {
    const definition = (value as { definition?: FlowDefinition } | null)?.definition;
    return definition && sdk.flows.get(definition.name) === definition ? [definition] : [];
  });
  const declared = [...sdk.flows.values()];
  const flows = exported.length > 0 ? [...new Set(exported)] : declared;
  if (flows.length === 0) throw new SettingsError(`${source} declares no flow.`);
  return { sdk, flows, declared };
}
