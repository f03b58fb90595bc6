import type { CommandSpec } from "./command.ts";
import { changePool, LIMIT_OPTION, limitOf } from "./pool-change.ts";
import { usage } from "./problem.ts";

export const command: CommandSpec = {
  description: "Changes a pool: what is not named stays.",
  examples: ["millrace pool set default --limit 20", "millrace pool set default --limit none"],
  positionals: ["<pool>"],
  options: {
    limit: LIMIT_OPTION,
    description: { type: "string", value: "TEXT", description: "what it is for" },
  },
  async run(call) {
    const [limit, description] = [limitOf(call), call.text("description")];
    if (limit === undefined && description === undefined)
      throw usage("What is to change? Say --limit or --description.", "--limit");
    return changePool(call, {
      ...(limit !== undefined && { concurrency_limit: limit }),
      ...(description !== undefined && { description }),
    });
  },
};
