import { automations } from "@millrace/contract/automations.ts";
import { templateFault } from "@millrace/domain/template/syntax.ts";
import { json, notFound } from "./refusal.ts";
import { type App, serve } from "./serve.ts";

/** Questions about automations: there is no operation that makes one, so that no workspace has any. And templates, which are theirs. */
export function serveAutomations(app: App): void {
  serve(app, automations.filter, () => []);
  serve(app, automations.count, () => 0);
  serve(app, automations.relatedTo, () => []);
  serve(app, automations.read, ({ params }) => notFound("automation", params.id));
  serve(app, automations.removeOwned, () => null);
  for (const row of [automations.validateTemplate, automations.validateOldTemplate])
    serve(app, row, ({ body: source }) => {
      const error = templateFault(source);
      return error ? json({ error: { ...error, source } }, 422) : new Response(null, { status: 204 });
    });
}
