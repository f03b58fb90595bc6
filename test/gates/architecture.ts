/**
 * What docs/architecture.md shows of the code, made from the code: the states of a run, its alarms, which object calls which.
 */
import { posix } from "node:path";
import { newFlowRun } from "@millrace/domain/flow-run/create.ts";
import { decide } from "@millrace/domain/flow-run/decide.ts";
import { corePolicy } from "@millrace/domain/flow-run/policy.ts";
import { NO_FACTS } from "@millrace/domain/flow-run/rule.ts";
import { TIMERS } from "@millrace/domain/flow-run/timers.ts";
import { newState, STATE_TYPES, type StateType } from "@millrace/domain/state.ts";
import { type Instant, plusSeconds } from "@millrace/domain/time.ts";
import type { TextFile } from "./rule-ids.ts";

const NOW = 1_800_000_000_000_000 as Instant;

/** What becomes of a run in `from` for which somebody proposes `to`: a run without retries, limits or infrastructure. */
export function outcome(from: StateType | null, to: StateType): string {
  let ids = 0;
  const newId = () => `id-${ids++}`;
  const birth = { flowId: "flow", ...(from && { state: { type: from } }) };
  const made = newFlowRun(birth, { id: "run", name: "run", now: NOW, newId });
  const run = from === null ? { ...made, state: null } : made;
  const now = plusSeconds(NOW, 1);
  const verdict = decide(corePolicy, {
    run,
    to: newState({ type: to }, { id: newId(), now }),
    now,
    newId,
    facts: NO_FACTS,
  });
  if (verdict.kind === "accept") return "yes";
  return verdict.kind === "reject" && verdict.changed && verdict.state ? verdict.state.name : "–";
}

/** The table of all transitions, as the page shows it. */
export function transitionTable(): string[] {
  const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    row(["from \\ to", ...STATE_TYPES]),
    row(["---", ...STATE_TYPES.map(() => "---")]),
    ...[null, ...STATE_TYPES].map((from) => row([from ?? "(none)", ...STATE_TYPES.map((to) => outcome(from, to))])),
  ];
}

/** The alarms that the code of a flow run sets. */
export function alarmsSet(sources: readonly TextFile[]): string[] {
  const names = new Set<string>(TIMERS);
  for (const { path, text } of sources) {
    if (!path.startsWith("durable-objects/flow-run/") || path.endsWith(".test.ts")) continue;
    for (const [, name] of text.matchAll(/setAlarm\((?:[^"()]|\([^()]*\))*"([a-z]+)"/g)) if (name) names.add(name);
  }
  return [...names].sort();
}

/** Objects by the folder of their class. */
const OBJECTS: { readonly [folder: string]: { name: string; address: string } } = {
  "flow-run": { name: "FlowRun", address: "flowRunAt" },
  "work-pool": { name: "WorkPool", address: "workPoolAt" },
  deployment: { name: "Deployment", address: "deploymentAt" },
  "event-hub": { name: "EventHub", address: "eventHubAt" },
  "concurrency-limit": { name: "ConcurrencyLimit", address: "concurrencyLimitAt" },
  "background-tasks": { name: "BackgroundTasks", address: "backgroundTasksAt" },
};
const ADDRESSES = "durable-objects/addresses.ts";

/** Which object calls which, `A --> B`: by what the files of its class, and those that they need, ask the address book for. */
export function callsBetween(sources: readonly TextFile[]): string[] {
  const texts = new Map(sources.map(({ path, text }) => [path, text]));
  const calls = Object.entries(OBJECTS).flatMap(([folder, { name }]) => {
    const reached = new Set<string>();
    const visit = (path: string): void => {
      const text = texts.get(path);
      if (text === undefined || reached.has(path) || path === ADDRESSES) return;
      reached.add(path);
      for (const [, from] of text.matchAll(/^import (?!type )[^;]*?from "(\.[^"]+)";/gm))
        visit(posix.join(posix.dirname(path), from as string));
    };
    visit(`durable-objects/${folder}/${folder}.ts`);
    const used = [...reached].map((path) => texts.get(path)).join("\n");
    return Object.values(OBJECTS)
      .filter(({ address }) => used.includes(`${address}(`))
      .map((other) => `${name} --> ${other.name}`);
  });
  return calls.sort();
}
