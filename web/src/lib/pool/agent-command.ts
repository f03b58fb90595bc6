import { shellWord } from "../shell.ts";

/** The command that brings an agent to a pool. */
export const agentCommand = (pool: string): string => `npx millrace agent start --pool ${shellWord(pool)}`;
