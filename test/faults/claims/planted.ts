/** What somebody could get wrong about claims: a piece of the code, and what stands there instead. */
export const PLANTED: readonly (readonly [what: string, piece: string, instead: string])[] = [
  [
    "a report under an older claim counts",
    'generation === head.generation ? "ok" : "stale"',
    'generation <= head.generation ? "ok" : "stale"',
  ],
  [
    "a claim that is held is given to another session",
    "const mine = head.claim.agent === agent && head.claim.session === session;",
    "const mine = true;",
  ],
  [
    "a claim that is taken back is not fenced off",
    "generation: head.generation + 1,\n  claim: null",
    "generation: head.generation,\n  claim: null",
  ],
  [
    "the end of an older claim ends the live one",
    "head.claim?.generation === generation ? { ...head, claim: null } : null",
    "head.claim ? { ...head, claim: null } : null",
  ],
  [
    "the loss of an older claim takes the live one",
    "if (head.claim?.generation !== generation) return null;",
    "if (!head.claim) return null;",
  ],
  [
    "the loss of its agent crashes a run that has ended",
    "function stateAfterLoss(run, policy, agent) {\n  const state = run.state;\n  if (state === null || isTerminal(state.type)) return null;",
    "function stateAfterLoss(run, policy, agent) {\n  const state = run.state;\n  if (state === null) return null;",
  ],
  [
    "a claim is given back of a run that has begun",
    '|| waitsInProcess(head.run)) return "begun";',
    '&& false) return "begun";',
  ],
  [
    "a run that somebody else works on is given out",
    'if (!waits(run)) return { kind: "refused", reason: "not_waiting" };',
    "",
  ],
  [
    "a process that is gone leaves its run at work",
    "const run = afterExit(next.run, how, { now: this.ledger.clock.now(), newId: this.ledger.clock.newId });",
    "const run = next.run;",
  ],
  [
    "a late report of the same claim reopens its run",
    "if (reporter?.run === id && current && isTerminal(current.type)) {",
    "if (false) {",
  ],
];
