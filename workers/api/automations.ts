import { automations } from "@millrace/contract/automations.ts";
import { type App, serve } from "./serve.ts";

/** Questions about automations: there is no operation that makes one, so that no workspace has any. */
export function serveAutomations(app: App): void {
  serve(app, automations.filter, () => []);
  serve(app, automations.count, () => 0);
  serve(app, automations.relatedTo, () => []);
}
