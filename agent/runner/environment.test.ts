import { expect, test } from "vitest";
import { runEnvironment } from "./environment.ts";

const base = { agentEnv: {}, passed: [], wanted: undefined };

test("[AG44] of the agent's variables only those pass that programs need, and those the operator names", () => {
  const agentEnv = {
    PATH: "/bin",
    LC_ALL: "C",
    HTTPS_PROXY: "p",
    MILLRACE_API_KEY: "agent",
    AWS_SECRET: "s",
    DATABASE_URL: "d",
  };
  expect(runEnvironment({ ...base, agentEnv, passed: ["DATABASE_URL"] })).toEqual({
    PATH: "/bin",
    LC_ALL: "C",
    HTTPS_PROXY: "p",
    DATABASE_URL: "d",
  });
});

test("[AG44] a deployment's variables come over the agent's, but never over who the run is", () => {
  const wanted = {
    PATH: "/own",
    N: 1,
    B: true,
    MILLRACE_API_KEY: "x",
    PREFECT__FLOW_RUN_ID: "x",
    MILLRACE_LOG_LEVEL: "debug",
    GONE: null,
    ODD: {},
  };
  expect(runEnvironment({ ...base, agentEnv: { PATH: "/bin" }, wanted })).toEqual({
    PATH: "/own",
    N: "1",
    B: "true",
    MILLRACE_LOG_LEVEL: "debug",
  });
});
