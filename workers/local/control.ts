/** The host's side of control-worker.mjs. */
import { ask } from "./ask.ts";

export interface Statement {
  sql: string;
  values: (string | number | null)[];
}

export interface Seeded {
  account_id: string;
  workspace_id: string;
  user_id: string;
  api_key: string;
}

export interface Control {
  /** Runs the statements as one transaction of a database, and returns the rows of each. */
  sql(database: string, statements: readonly Statement[]): Promise<Record<string, unknown>[][]>;
  /** The first account, workspace, owner and key. */
  seed(name: string): Promise<Seeded>;
  /** Puts no allow list in force any more. */
  liftAllowLists(): Promise<unknown>;
  /** Runs the Worker's scheduled handler. */
  cron(cron: string, at: Date): Promise<void>;
}

/** Seconds for one call; a migration of a large database takes a while. */
const LIMIT = 120;

export function controlAt(url: URL, secret: string): Control {
  const call = async (path: string, input: unknown): Promise<unknown> => {
    const { status, text } = await ask(new URL(path, url).href, {
      method: "POST",
      headers: { authorization: secret, "content-type": "application/json" },
      body: JSON.stringify(input),
      seconds: LIMIT,
    });
    if (status !== 200) throw new Error(`The Worker answered ${path} with ${status}: ${text.slice(0, 2000)}`);
    return JSON.parse(text);
  };
  return {
    sql: (database, statements) => call(`/sql/${database}`, statements) as Promise<Record<string, unknown>[][]>,
    seed: (name) => call("/seed", { name }) as Promise<Seeded>,
    liftAllowLists: () => call("/lift-allow-lists", null),
    async cron(cron, at) {
      const outcome = await call("/cron", { cron, at: at.getTime() });
      if (outcome !== "ok") throw new Error(`The Worker's scheduled handler ended with ${outcome}.`);
    },
  };
}
