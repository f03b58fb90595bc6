/**
 * A flow called in a flow: a run of its own with its own page, in the same process. Its parent's timeline shows it as a task
 * run, which is created first and whose state the server keeps like the subflow's.
 */

import { uuidv7 } from "uuidv7";
import type { FlowDefinition } from "./flow.ts";
import { labelsOf, policyOf, runFlow, runNameOf } from "./flow-run.ts";
import { Future, futuresIn, withResults } from "./future.ts";
import { checkInput, toParameters } from "./input.ts";
import type { Scope } from "./scope.ts";
import { taskInputs } from "./task-run.ts";
import type { TaskRunRef } from "./task-run-ref.ts";

/** Begins a run of `definition` under the running flow. */
export function runSubflow(definition: FlowDefinition, input: unknown, scope: Scope): Future<unknown> {
  const { flowRun } = scope;
  const call = flowRun.nextCall(definition.name);
  const ref: TaskRunRef = { id: uuidv7(), name: `${definition.name}-${call}` };
  return flowRun.track(new Future(ref, execute(definition, input, scope, ref, call)));
}

async function execute(
  definition: FlowDefinition,
  input: unknown,
  scope: Scope,
  ref: TaskRunRef,
  call: number,
): Promise<unknown> {
  const { session, run: parent } = scope.flowRun;
  const args = [input];
  const inputs = taskInputs({ waitFor: [] }, args, scope.flowRun);
  const results = new Map<Future<unknown>, unknown>();
  for (const future of futuresIn(args)) results.set(future, await future);
  const [given] = withResults(args, results) as [unknown];
  const params = await checkInput(definition.name, definition.input, given);
  const parameters = toParameters(definition.name, given);
  const [flowId] = await Promise.all([
    session.flowId(definition.name),
    session.api("POST /task_runs/", {
      body: {
        id: ref.id,
        name: ref.name,
        flow_run_id: parent.id,
        task_key: definition.name,
        dynamic_key: parent.attempt === 1 ? String(call) : `${call}-${parent.attempt}`,
        state: { type: "PENDING", name: "Pending" },
        task_inputs: inputs,
        tags: [...definition.tags],
      },
      signal: scope.signal,
    }),
  ]);
  const flowRun = await session.api("POST /flow_runs/", {
    body: {
      flow_id: flowId,
      name: runNameOf(definition, params),
      parameters,
      parent_task_run_id: ref.id,
      state: { type: "PENDING", name: "Pending" },
      empirical_policy: policyOf(definition),
      labels: labelsOf(definition),
      tags: [...definition.tags],
      idempotency_key: ref.id,
    },
    signal: scope.signal,
  });
  const result = await runFlow(definition, {
    session,
    signal: scope.signal,
    run: {
      id: flowRun.id,
      name: flowRun.name,
      parameters,
      tags: flowRun.tags,
      flow: { id: flowId, name: definition.name },
      deploymentId: null,
    },
    attemptsBefore: 0,
    input: async () => params,
  });
  scope.flowRun.noteOrigin(result, ref.id);
  return result;
}
