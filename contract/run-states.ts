/** States by their own ids, and those of one run. */
import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { StateOut } from "./states.ts";
import { ById, Uuid } from "./wire.ts";

export const runStates = {
  ofFlowRun: endpoint({
    method: "GET",
    path: "/flow_run_states/",
    scope: "see_flows",
    query: z.object({ flow_run_id: Uuid }),
    status: 200,
    result: z.array(StateOut),
    summary: "The states of a flow run, oldest first.",
  }),
  flowRunState: endpoint({
    method: "GET",
    path: "/flow_run_states/{id}",
    scope: "see_flows",
    params: ById,
    status: 200,
    result: StateOut,
    summary: "Reads a state of a flow run.",
  }),
  ofTaskRun: endpoint({
    method: "GET",
    path: "/task_run_states/",
    scope: "see_flows",
    query: z.object({ task_run_id: Uuid }),
    status: 200,
    result: z.array(StateOut),
    summary: "The states of a task run, oldest first.",
  }),
  taskRunState: endpoint({
    method: "GET",
    path: "/task_run_states/{id}",
    scope: "see_flows",
    params: ById,
    status: 200,
    result: StateOut,
    summary: "Reads a state of a task run.",
  }),
};
