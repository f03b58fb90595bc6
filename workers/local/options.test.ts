import { expect, test } from "vitest";
import { readOptions } from "./options.ts";
import { StartProblem } from "./problem.ts";

const read = (argv: string[], env: Record<string, string> = {}) => readOptions(argv, env, "/home/me");

const problemOf = (argv: string[], env: Record<string, string> = {}): StartProblem => {
  try {
    read(argv, env);
  } catch (error) {
    if (error instanceof StartProblem) return error;
    throw error;
  }
  throw new Error("It was taken.");
};

test("[LO1] the defaults are a server for this machine with everything on", () => {
  expect(read([])).toEqual({
    host: "127.0.0.1",
    port: 4200,
    state: "/home/me/.millrace",
    agent: true,
    open: true,
    localSignIn: true,
    trustedProxies: "",
    liftAllowList: false,
    help: false,
  });
});

test.each([
  ["[LO1] a flag", ["--port", "80"], {}, { port: 80 }],
  ["[LO1] a flag with =", ["--port=80"], {}, { port: 80 }],
  ["[LO1] a variable", [], { MILLRACE_PORT: "80" }, { port: 80 }],
  ["[LO1] a flag wins over its variable", ["--port", "81"], { MILLRACE_PORT: "80" }, { port: 81 }],
  ["[LO1] an empty variable is none", [], { MILLRACE_PORT: "" }, { port: 4200 }],
  ["[LO1] any free port", ["--port", "0"], {}, { port: 0 }],
  ["[LO1] localhost is an address too", ["--host", "localhost"], {}, { host: "127.0.0.1" }],
  ["[LO1] an IPv6 address", ["--host", "::1"], {}, { host: "::1" }],
  ["[LO1] a relative folder", ["--state", "x/y"], {}, { state: "/home/me/x/y" }],
  ["[LO1] an absolute folder", [], { MILLRACE_STATE: "/var/lib/m" }, { state: "/var/lib/m" }],
  ["[LO1] switches", ["--no-agent", "--no-open"], {}, { agent: false, open: false, localSignIn: true }],
  [
    "[LO1] switches by variable",
    [],
    { MILLRACE_NO_AGENT: "1", MILLRACE_NO_OPEN: "true" },
    { agent: false, open: false },
  ],
  ["[LO1] a variable that says no", [], { MILLRACE_NO_LOCAL_SIGN_IN: "0" }, { localSignIn: true }],
  ["[LO1] a flag wins over a variable that says no", ["--no-agent"], { MILLRACE_NO_AGENT: "0" }, { agent: false }],
  ["[LO1] proxies", ["--trusted-proxies", "10.0.0.0/8, ::1"], {}, { trustedProxies: "10.0.0.0/8,::1" }],
  ["[LO1] help needs nothing else to be right", ["--help"], { MILLRACE_PORT: "x" }, { help: true }],
] as const)("%s", (_case, argv, env, expected) => {
  expect(read([...argv], env)).toMatchObject(expected);
});

test.each([
  [
    "[LO1] a proxy that is no address",
    ["--trusted-proxies", "10.0.0.0/8,proxy"],
    {},
    '--trusted-proxies has "proxy": value is not a valid IPv4 or IPv6 network, such as 192.0.2.0/24 or 2001:db8::/32.',
  ],
  [
    "[LO1] a port that is no number",
    ["--port", "http"],
    {},
    '--port takes a whole number from 0 to 65535, not "http".',
  ],
  [
    "[LO1] a port beyond the last",
    ["--port", "65536"],
    {},
    '--port takes a whole number from 0 to 65535, not "65536".',
  ],
  ["[LO1] a negative port", ["--port=-1"], {}, '--port takes a whole number from 0 to 65535, not "-1".'],
  [
    "[LO1] a port in another notation",
    ["--port", "0x50"],
    {},
    '--port takes a whole number from 0 to 65535, not "0x50".',
  ],
  [
    "[LO1] a bad variable is named itself",
    [],
    { MILLRACE_PORT: "4200 " },
    'MILLRACE_PORT takes a whole number from 0 to 65535, not "4200 ".',
  ],
  [
    "[LO1] a host name",
    ["--host", "example.org"],
    {},
    '--host takes an IP address such as 127.0.0.1 or 0.0.0.0, not "example.org".',
  ],
  ["[LO1] a folder with a NUL", ["--state", "a\0b"], {}, "--state takes a folder's path, without a NUL."],
  ["[LO1] a flag without its value", ["--state"], {}, "--state needs a value."],
  ["[LO1] a value where none belongs", ["--no-open=yes"], {}, '--no-open takes no value, but has "yes".'],
  ["[LO1] a switch by variable", [], { MILLRACE_NO_OPEN: "maybe" }, 'MILLRACE_NO_OPEN takes 1 or 0, not "maybe".'],
  ["[LO1] an unknown flag", ["--prot", "80"], {}, "There is no option --prot; npm start -- --help lists them."],
  [
    "[LO1] a flag named like a method",
    ["--toString"],
    {},
    "There is no option --toString; npm start -- --help lists them.",
  ],
  ["[LO1] a word", ["start"], {}, '"start" is no option; npm start -- --help lists them.'],
] as const)("%s", (_case, argv, env, sentence) => {
  const problem = problemOf([...argv], env);
  expect(problem.message).toBe(sentence);
  expect(problem.exitCode).toBe(2);
});
