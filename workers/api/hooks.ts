/**
 * Deliveries of webhooks: shown to come from their sender, made into the parameters of a deployment, and begun as a run.
 *
 * AP114 Nothing of a delivery is looked into before its signature holds over the bytes that came; one that is old, replayed, changed
 *       or unsigned begins nothing and answers 401.
 * AP115 An event begins one run, however often and however much at once it is delivered.
 * AP116 What came is on record with verdict, reason and run, the newest hundred of each webhook; one that does not fit the deployment
 *       answers 422 with what is wrong. Who sends too much is told to wait, and strangers write nothing.
 */
import { type DeliveryVerdict, hooks } from "@millrace/contract/webhooks.ts";
import { Allowance } from "@millrace/domain/hook/allowance.ts";
import {
  type DeliveryName,
  nameOf,
  SIGNED_BY,
  type SignatureFault,
  type Signer,
} from "@millrace/domain/hook/signature.ts";
import { parseTemplate, renderTemplate, TemplateFault } from "@millrace/domain/hook/template.ts";
import { isObject, type Json, type JsonObject } from "@millrace/domain/json.ts";
import { sentence } from "@millrace/domain/problem.ts";
import { uuidv7 } from "uuidv7";
import { authenticate } from "../auth/authenticate.ts";
import { type Verified, verifyDelivery } from "../auth/hook-signatures.ts";
import type { Env } from "../env.ts";
import { parseJson } from "./body.ts";
import { beginFromOutside } from "./deployment-runs.ts";
import { problemOf } from "./failures.ts";
import { nameUnder, recordDelivery } from "./hook-deliveries.ts";
import { invalidResponse, json, notFound, problemResponse, Refusal } from "./refusal.ts";
import { type App, serve } from "./serve.ts";
import { type Hook, hookAt } from "./webhook-records.ts";

/** Deliveries that a webhook takes in a minute, in one isolate. */
const MOST_A_MINUTE = 600;
/** Of those that show no right to be here, what is written down. */
const MOST_REFUSALS_A_MINUTE = 20;

const deliveries = new Allowance(MOST_A_MINUTE);
const refusals = new Allowance(MOST_REFUSALS_A_MINUTE);

/** What is answered, and what is written down of it. */
interface Outcome {
  verdict: DeliveryVerdict;
  reason: string | null;
  run: string | null;
  response: Response;
}

/** The way in. */
export function serveHooks(app: App): void {
  serve(app, hooks.receive, async ({ env, params, body, request, afterwards }) => {
    const hook = await hookAt(env, params.slug);
    if (hook?.row.enabled !== 1) notFound("webhook");
    const now = Date.now();
    const wait = deliveries.take(hook.row.id, now);
    if (wait > 0)
      throw new Refusal({ code: "too_many", what: "deliveries a minute", limit: MOST_A_MINUTE, retryAfter: wait });
    const id = uuidv7();
    const delivery = new Arrival(env, hook, id, request, body, now);
    const { verdict, reason, run, response } = await delivery.receive();
    const record = { id, received: now * 1000, verdict, reason, flow_run_id: run, status: response.status };
    const noted = { ...record, delivery: delivery.name.id, seal: delivery.verified?.seal ?? null };
    if (verdict !== "REFUSED") await recordDelivery(env, hook.tenant, hook.row.id, noted);
    else if (refusals.take(hook.row.id, now) === 0) afterwards(recordDelivery(env, hook.tenant, hook.row.id, noted));
    return response;
  });
}

/** A delivery on its way through. */
class Arrival {
  name: DeliveryName = { id: null, signed: false };
  verified: Verified | null = null;
  readonly #env: Env;
  readonly #hook: Hook;
  readonly #id: string;
  readonly #request: Request;
  readonly #bytes: Uint8Array;
  readonly #now: number;

  constructor(env: Env, hook: Hook, id: string, request: Request, bytes: Uint8Array, now: number) {
    this.#env = env;
    this.#hook = hook;
    this.#id = id;
    this.#request = request;
    this.#bytes = bytes;
    this.#now = now;
  }

  async receive(): Promise<Outcome> {
    try {
      return (await this.#turnedAway()) ?? (await this.#take());
    } catch (error) {
      if (error instanceof TemplateFault) return invalid([{ field: ["template"], message: error.message }]);
      const problem = error instanceof Refusal ? error.problem : problemOf(error);
      if (!problem) console.error("A delivery failed", error);
      if (problem?.code === "invalid") return invalid([{ field: problem.field.split("."), message: problem.message }]);
      if (problem?.code === "unfit")
        return invalid([{ field: [problem.of, ...problem.field.split(".")], message: sentence(problem) }]);
      const response = problem ? problemResponse(problem) : json({ exception_message: "Internal Server Error" }, 500);
      const verdict = problem && response.status < 500 ? "INVALID" : "FAILED";
      return { verdict, reason: problem ? sentence(problem) : "Internal Server Error", run: null, response };
    }
  }

  /** Null where the delivery comes from who may send it. */
  async #turnedAway(): Promise<Outcome | null> {
    const { verification, row, tenant } = this.#hook;
    if (row.service_account_id !== null) {
      const credential = await authenticate(this.#request, this.#env);
      if (typeof credential === "string" || credential.actor.id !== row.service_account_id)
        return refused("The key of the webhook's service account is needed as a bearer.");
    }
    if (!verification) return null;
    const found = await verifyDelivery(verification, this.#header, this.#bytes, this.#now);
    if (typeof found === "string") return refused(FAULTS[found]);
    const seen = found.seal === null ? undefined : await nameUnder(this.#env, tenant, row.id, found.seal);
    const isReplay = seen !== undefined && (found.timed || seen !== nameOf(this.#signer, this.#header, null).id);
    if (isReplay) return refused(FAULTS.replayed);
    this.verified = found;
    return null;
  }

  async #take(): Promise<Outcome> {
    const { row, tenant } = this.#hook;
    const body = this.#read();
    this.name = nameOf(this.#signer, this.#header, body);
    if (this.#signer === "slack" && isObject(body) && body.type === "url_verification")
      // Slack asks once whether somebody is here.
      return taken("ACCEPTED", null, json({ challenge: body.challenge ?? null }));
    if (row.deployment_id === null) return taken("ACCEPTED", null, this.#answer("ACCEPTED", null, 200));
    const parameters = renderTemplate(parseTemplate(row.template), {
      body,
      headers: this.#headers(),
      method: this.#request.method,
    });
    if (!isObject(parameters)) throw new TemplateFault("the template makes no object of parameters");
    const key = (this.name.signed ? this.name.id : null) ?? this.verified?.seal ?? null;
    const idempotencyKey = key === null ? null : `webhook/${row.id}/${key}`;
    const { run, isNew } = await beginFromOutside(this.#env, tenant, row.deployment_id, { parameters, idempotencyKey });
    const verdict = isNew ? "ACCEPTED" : "DUPLICATE";
    return taken(verdict, run, this.#answer(verdict, run, isNew ? 201 : 200));
  }

  #answer(verdict: DeliveryVerdict, run: string | null, status: number): Response {
    return json({ id: this.#id, verdict, flow_run_id: run }, status);
  }

  /** What was sent: JSON, the fields of a form, or text. */
  #read(): Json {
    if (this.#bytes.byteLength === 0) return null;
    const type = this.#header("content-type") ?? "";
    if (type.startsWith("application/x-www-form-urlencoded"))
      return Object.fromEntries(new URLSearchParams(new TextDecoder().decode(this.#bytes)));
    if (type !== "" && !/json/i.test(type)) return new TextDecoder().decode(this.#bytes);
    const read = parseJson(this.#bytes);
    if ("faults" in read)
      throw new Refusal({ code: "invalid", field: "", message: read.faults[0]?.msg ?? "The body is no JSON" });
    return read.value as Json;
  }

  /** The headers that a template may use: none that let somebody in. */
  #headers(): JsonObject {
    return Object.fromEntries([...this.#request.headers].filter(([name]) => !WITHHELD.has(name)));
  }

  get #signer(): Signer | null {
    return SIGNED_BY.find((signer) => signer === this.#hook.verification?.type) ?? null;
  }

  #header = (name: string): string | null => this.#request.headers.get(name);
}

const WITHHELD = new Set(["authorization", "cookie", "proxy-authorization"]);

const FAULTS: { readonly [Fault in SignatureFault]: string } = {
  missing: "The signature is missing.",
  malformed: "The signature's header is not as its sender writes it.",
  old: "The signature is more than five minutes old, or of the future.",
  wrong: "The signature does not hold for this body.",
  replayed: "This delivery came before: its signature is used up.",
};

const taken = (verdict: DeliveryVerdict, run: string | null, response: Response): Outcome => ({
  ...{ verdict, reason: null, run, response },
});

const refused = (reason: string): Outcome => ({
  ...{ verdict: "REFUSED", reason, run: null },
  response: problemResponse({ code: "unauthenticated", message: reason }),
});

function invalid(faults: { field: string[]; message: string }[]): Outcome {
  const reason = faults.map(({ field, message }) => `${field.join(".")}: ${message}`).join("; ");
  const details = faults.map(({ field, message }) => ({ loc: ["body", ...field], msg: message, type: "value_error" }));
  return { verdict: "INVALID", reason, run: null, response: invalidResponse(details) };
}
