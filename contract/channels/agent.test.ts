import { expect, test } from "vitest";
import { AgentFrame, AgentServerFrame } from "./agent.ts";
import { AGENT_ACCEPT_SECONDS, AGENT_PING_SECONDS } from "./agent-protocol.ts";

const ID = "01900000-0000-7000-8000-00000000000a";
const claim = { run_id: ID, generation: 1 };
const agent = { id: ID, name: "agent", version: "1.0" };
const flow_run = { id: ID, name: "run", flow_id: ID, parameters: {}, run_count: 0, tags: [], job_variables: null };

test.each<[string, object]>([
  ["[CO7] auth", { type: "auth", token: "key" }],
  ["[CO7] hello", { type: "hello", v: 1, agent, slots: 1, running: [] }],
  [
    "[CO7] hello again",
    { type: "hello", v: 1, agent, slots: 1, lease_seconds: 30, session: { id: ID, generation: 2 }, running: [claim] },
  ],
  ["[CO7] accept", { type: "accept", ...claim }],
  ["[CO7] decline", { type: "decline", ...claim, reason: "full" }],
  ["[CO7] finished by a code", { type: "finished", ...claim, exit_code: 1, signal: null }],
  ["[CO7] finished by a signal", { type: "finished", ...claim, exit_code: null, signal: "SIGKILL" }],
  ["[CO7] renew", { type: "renew" }],
  ["[CO7] drain", { type: "drain" }],
])("an agent may say %s, and what a newer one adds is ignored", (_case, frame) => {
  expect(AgentFrame.parse(frame)).toEqual(frame);
  expect(AgentFrame.parse({ ...frame, newer: true })).toEqual(frame);
});

test.each<[string, object]>([
  ["[CO7] auth_success", { type: "auth_success" }],
  ["[CO7] welcome", { type: "welcome", session: { id: ID, generation: 1 }, lease_seconds: 30, lost: [claim] }],
  ["[CO7] assign", { type: "assign", ...claim, token: "t", flow_run, flow_name: "flow", deployment: null }],
  ["[CO7] cancel", { type: "cancel", ...claim }],
  ["[CO7] lost", { type: "lost", ...claim }],
  ["[CO7] error", { type: "error", reason: "why" }],
])("a server may say %s, and what a newer one adds is ignored", (_case, frame) => {
  expect(AgentServerFrame.parse(frame)).toEqual(frame);
  expect(AgentServerFrame.parse({ ...frame, newer: true })).toEqual(frame);
});

test("[CO7] an assignment carries the whole run through", () => {
  const assign = {
    type: "assign",
    ...claim,
    token: "t",
    flow_run: { ...flow_run, anything: { else: 1 } },
    flow_name: "f",
    deployment: null,
  };
  expect(AgentServerFrame.parse(assign)).toEqual(assign);
});

test.each<[string, unknown]>([
  ["[CO7] nothing", null],
  ["[CO7] a type that nobody knows", { type: "steal" }],
  ["[CO7] hello without an agent", { type: "hello", v: 1, slots: 1 }],
  ["[CO7] hello with no slot", { type: "hello", v: 1, agent, slots: 0 }],
  ["[CO7] hello with slots without end", { type: "hello", v: 1, agent, slots: 1e9 }],
  ["[CO7] a lease without end", { type: "hello", v: 1, agent, slots: 1, lease_seconds: 1e6 }],
  ["[CO7] a claim without a generation", { type: "accept", run_id: ID }],
  ["[CO7] a token of megabytes", { type: "auth", token: "x".repeat(10_000) }],
])("%s is no frame of an agent", (_case, frame) => {
  expect(AgentFrame.safeParse(frame).success).toBe(false);
});

test("[CO7] an agent is heard of often enough that an assignment can wait for it", () => {
  expect(AGENT_PING_SECONDS).toBeLessThanOrEqual(AGENT_ACCEPT_SECONDS);
});
