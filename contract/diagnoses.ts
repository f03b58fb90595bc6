/** Why a run does not run, on the wire. Outside Prefect's own. */
import { type Check, REMEDIES } from "@millrace/domain/flow-run/diagnosis.ts";
import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { ById, TimestampText, text } from "./wire.ts";

const CheckOut = z.object({
  name: z.string(),
  verdict: z.enum(["passed", "blocked", "unknown"]),
  since: TimestampText.nullable(),
  message: z.string(),
  fix: z.string().nullable(),
  remedy: z.enum(REMEDIES).nullable(),
});

const Diagnosis = z.object({
  flow_run_id: z.uuid(),
  state_type: z.string().nullable(),
  state_name: z.string().nullable(),
  /** The name of the check that the run waits for; null: it waits for nothing. */
  waits_for: z.string().nullable(),
  checks: z.array(CheckOut),
});
export type WireDiagnosis = z.output<typeof Diagnosis>;

/** Checks as the wire tells them. */
export const checksToWire = (checks: readonly Check[]): WireDiagnosis["checks"] =>
  checks.map(({ since, ...check }) => ({ ...check, since: text(since) }));

export const diagnoses = {
  read: endpoint({
    method: "GET",
    path: "/flow_runs/{id}/diagnosis",
    scope: "see_flows",
    params: ById,
    status: 200,
    result: Diagnosis,
    summary: "Why a run does not run: checks in the order in which they would have to be mended.",
  }),
};
