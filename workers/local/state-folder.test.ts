import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { StartProblem } from "./problem.ts";
import { loadSecrets } from "./secrets.ts";
import { openStateFolder, type StateFolder } from "./state-folder.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), "millrace-state-"));
  folders.push(folder);
  return folder;
}

function problemOf(work: () => unknown): StartProblem {
  try {
    work();
  } catch (error) {
    if (error instanceof StartProblem) return error;
    throw error;
  }
  throw new Error("It was taken.");
}

const using = (path: string, work: (state: StateFolder) => void) => {
  const state = openStateFolder(path);
  try {
    work(state);
  } finally {
    state.release();
  }
};

test("[LO5] a folder that is open is refused with its holder's id, and free again afterwards", () => {
  const path = join(temporary(), "inner/state");
  using(path, () => {
    const problem = problemOf(() => openStateFolder(path));
    expect(problem.message).toContain(`process ${process.pid} runs a server on the state folder ${path}`);
    expect(problem.exitCode).toBe(1);
  });
  using(path, () => undefined);
});

test("[LO6] a folder in a file system that has none to make", () => {
  const problem = problemOf(() => openStateFolder("/dev/fd/millrace/state"));
  expect(problem.message).toMatch(/^The state folder .* cannot be written \(E[A-Z]+\): make it writable/);
});

test("[LO6] a folder that cannot be made", () => {
  const file = join(temporary(), "file");
  writeFileSync(file, "");
  const problem = problemOf(() => openStateFolder(join(file, "state")));
  expect(problem.message).toMatch(/^The state folder .*file\/state cannot be written \(ENOTDIR\): make it writable/);
  expect(problem.exitCode).toBe(1);
});

test("[LO6] a file where the folder should be", () => {
  const file = join(temporary(), "file");
  writeFileSync(file, "kept");
  expect(problemOf(() => openStateFolder(file)).message).toContain("(EEXIST)");
  expect(readFileSync(file, "utf8")).toBe("kept");
});

test("[LO7] a newer format is refused and nothing is changed", () => {
  const path = temporary();
  writeFileSync(join(path, "state.json"), '{"format":999}');
  const problem = problemOf(() => openStateFolder(path));
  expect(problem.message).toMatch(/written by a newer version of Millrace \(format 999, and this version knows \d+\)/);
  expect(readFileSync(join(path, "state.json"), "utf8")).toBe('{"format":999}');
  expect(readdirSync(path).filter((name) => !name.startsWith("lock"))).toEqual(["state.json"]);
});

test.each(["", "{", '{"format":"1"}', '{"format":1.5}', "null"])(
  "[LO7] a damaged format %j is not guessed at",
  (text) => {
    const path = temporary();
    writeFileSync(join(path, "state.json"), text);
    expect(problemOf(() => openStateFolder(path)).message).toContain("is damaged");
  },
);

test("[LO9] secrets are made once, for their owner alone", () => {
  using(temporary(), ({ secretsFile }) => {
    const made = loadSecrets(secretsFile);
    expect(Buffer.from(made.keyPepper, "base64url")).toHaveLength(32);
    expect(made.signingKeys).toMatchObject([{ kty: "OKP", crv: "Ed25519", alg: "EdDSA" }]);
    expect(statSync(secretsFile).mode & 0o777).toBe(0o600);
    expect(loadSecrets(secretsFile)).toEqual(made);
  });
});

test.each(["", "{}", '{"key_pepper":"short","signing_keys":[]}', "[]"])(
  "[LO9] damaged secrets %j stay where they are",
  (text) => {
    const file = join(temporary(), "secrets.json");
    writeFileSync(file, text);
    expect(problemOf(() => loadSecrets(file)).message).toContain(`${file} is damaged`);
    expect(readFileSync(file, "utf8")).toBe(text);
  },
);

test("[LO9] other users see nothing of the folder", () => {
  const path = join(temporary(), "state");
  using(path, ({ data }) => {
    for (const folder of [path, data]) expect(statSync(folder).mode & 0o077).toBe(0);
  });
});
