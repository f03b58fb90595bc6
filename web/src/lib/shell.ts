/** Commands for people to paste into a terminal. */

/** A word as a shell takes it, whatever is in it. */
export const shellWord = (word: string): string =>
  /^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

/** A call of the API. The key stays in the reader's own shell. */
export const curl = (method: "GET" | "POST", address: string, body?: unknown): string =>
  [
    `curl -X ${method} ${shellWord(address)}`,
    `  -H "Authorization: Bearer $PREFECT_API_KEY"`,
    ...(body === undefined ? [] : [`  -H "Content-Type: application/json"`, `  -d ${shellWord(JSON.stringify(body))}`]),
  ].join(" \\\n");
