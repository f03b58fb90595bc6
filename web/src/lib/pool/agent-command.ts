/** The command that brings an agent to a pool. */
export const agentCommand = (pool: string): string =>
  `npx millrace agent start --pool ${/^[\w.-]+$/.test(pool) ? pool : `'${pool.replaceAll("'", "'\\''")}'`}`;
