/** What is kept beside a run: its log lines, what it is handed, and what it keeps for a later attempt. */
import {
  type Checkpoint,
  type CheckpointContent,
  MOST_CHECKPOINTS,
  written,
} from "@millrace/domain/flow-run/checkpoint.ts";
import type { Log } from "@millrace/domain/log.ts";
import type { Problem } from "@millrace/domain/problem.ts";
import type { Line, Logs } from "../kit/logs.ts";
import { isProblem, type Reporter, refusal, tooLarge } from "./admission.ts";
import type { Checkpoints } from "./checkpoints.ts";
import type { InputQuery, RunInput } from "./inputs.ts";
import type { Ledger, Owner } from "./ledger.ts";

export class Records {
  readonly ledger: Ledger;

  constructor(ledger: Ledger) {
    this.ledger = ledger;
  }

  /** Stores log lines; null where the run is not there. */
  appendLogs(owner: Owner, lines: readonly Line[], reporter: Reporter): Log[] | null | Problem {
    const head = this.ledger.headOf(owner);
    if (!head) return null;
    const refused = refusal(head, reporter);
    if (refused) return refused;
    return this.ledger.transact(() => this.ledger.logs.append(head.run.id, lines, this.ledger.clock.newId));
  }

  logs(owner: Owner, query: Parameters<Logs["read"]>[1]): Log[] | null {
    const head = this.ledger.headOf(owner);
    return head && this.ledger.logs.read(head.run.id, query);
  }

  addInput(
    owner: Owner,
    id: string,
    { key, value, sender }: Pick<RunInput, "key" | "value" | "sender">,
    reporter: Reporter,
  ): "done" | Problem {
    const head = this.ledger.admit(owner, id, reporter);
    if (isProblem(head)) return head;
    const large = tooLarge({ value });
    if (large) return large;
    if (this.ledger.inputs.get(key)) return { code: "already_exists", what: "flow run input", name: key };
    const input = { id: this.ledger.clock.newId(), key, value, sender, created: this.ledger.clock.now() };
    this.ledger.transact(() => this.ledger.inputs.put(input));
    return "done";
  }

  inputs(owner: Owner, query: InputQuery): RunInput[] | null {
    return this.ledger.headOf(owner) && this.ledger.inputs.find(query);
  }

  input(owner: Owner, key: string): RunInput | null {
    return this.ledger.headOf(owner) && this.ledger.inputs.get(key);
  }

  removeInput(owner: Owner, key: string, reporter: Reporter): "done" | Problem {
    const head = this.ledger.headOf(owner);
    if (!head || !this.ledger.inputs.get(key)) return { code: "not_found", what: "flow run input", id: key };
    const refused = refusal(head, reporter);
    if (refused) return refused;
    this.ledger.transact(() => this.ledger.inputs.remove(key));
    return "done";
  }

  writeCheckpoint(
    owner: Owner,
    id: string,
    key: string,
    content: CheckpointContent,
    { expected, reporter }: { expected: number | null; reporter: Reporter },
  ): Checkpoint | Problem {
    const head = this.ledger.admit(owner, id, reporter);
    if (isProblem(head)) return head;
    const known = this.ledger.checkpoints.get(key);
    if (!known && this.ledger.checkpoints.count >= MOST_CHECKPOINTS)
      return { code: "too_large", what: "run's checkpoints", limit: MOST_CHECKPOINTS, unit: "items" };
    const checkpoint = written(known, key, content, { expected, now: this.ledger.clock.now() });
    if (!isProblem(checkpoint)) this.ledger.transact(() => this.ledger.checkpoints.put(checkpoint));
    return checkpoint;
  }

  /** The checkpoints, to be read. */
  checkpointsOf(owner: Owner): Checkpoints | null {
    return this.ledger.headOf(owner) && this.ledger.checkpoints;
  }

  removeCheckpoint(owner: Owner, id: string, key: string, reporter: Reporter): "done" | Problem {
    const head = this.ledger.admit(owner, id, reporter);
    if (isProblem(head)) return head;
    if (!this.ledger.checkpoints.get(key)) return { code: "not_found", what: "checkpoint", id: key };
    this.ledger.transact(() => this.ledger.checkpoints.remove(key));
    return "done";
  }
}
