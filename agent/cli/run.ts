import { CancelledError, describe, InputError, SettingsError } from "../sdk/errors.ts";
import { parameterSchema } from "../sdk/input.ts";
import { settingsOf } from "./api.ts";
import type { CommandSpec } from "./command.ts";
import { EXIT_CODES } from "./exit-codes.ts";
import { chooseFlow, readFlowRef } from "./flow-ref.ts";
import { badParameters, PARAM_OPTION, readParameters, unknownParameters } from "./parameters.ts";

export const command: CommandSpec = {
  description: "Runs a flow of a file here and now, as a run of the server: its log is shown, its result printed.",
  examples: [
    "millrace run flows.ts:hello -p name=Ada -p times=3",
    "millrace run hello.ts",
    "millrace run hello.ts -o json",
  ],
  positionals: ["<file:flow>"],
  options: {
    param: PARAM_OPTION,
    external: { type: "string", multiple: true, value: "PACKAGE", description: "a package that cannot be bundled" },
  },
  async run(call) {
    const { out } = call;
    const { bundleFile } = await import("../sdk/deploy/bundle.ts");
    const { loadFlows } = await import("../sdk/deploy/load-flows.ts");
    // Before the bundle is loaded: stacks then name the lines of its sources.
    process.setSourceMapsEnabled(true);
    const ref = readFlowRef(call.args[0] as string);
    const bundle = await bundleFile(ref.file, { external: call.texts("external"), hosted: false });
    const loaded = await loadFlows(bundle, ref.file);
    const { sdk } = loaded;
    const flow = chooseFlow(loaded, ref);
    const schema = parameterSchema(flow.input);
    const parameters = readParameters(call.texts("param"), schema);
    for (const sentence of unknownParameters(parameters, schema)) out.complain(sentence);
    const settings = await settingsOf(call);
    let begun: { id: string; name: string; page: string } | null = null;
    try {
      const result = await sdk.runByHand(flow, parameters, {
        settings,
        onCreated: (run) => {
          begun = run;
          out.say(`Run ${run.name} of flow ${flow.name}: ${run.page}`);
        },
      });
      if (out.isJson) out.json({ ...(begun as unknown as object), state: "COMPLETED", result: result ?? null });
      else if (result !== undefined) out.line(typeof result === "string" ? result : JSON.stringify(result, null, 2));
      return EXIT_CODES.ok;
    } catch (error) {
      // Errors of the bundle's own SDK are of other classes: their names are what can be compared.
      const name = error instanceof Error ? error.name : "";
      if (begun === null && name === InputError.name)
        throw badParameters((error as InputError).issues, parameters, schema);
      if (begun === null) throw error;
      if (name === SettingsError.name) throw error;
      const cancelled = name === CancelledError.name;
      if (out.isJson)
        out.json({ ...(begun as object), state: cancelled ? "CANCELLED" : "FAILED", message: describe(error) });
      return cancelled ? EXIT_CODES.runCancelled : EXIT_CODES.runFailed;
    }
  },
};
