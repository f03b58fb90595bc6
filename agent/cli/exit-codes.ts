/** Exit codes: documented, stable, and the same in every command. */
export const EXIT_CODES = {
  ok: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  auth: 4,
  /** Network or server; trying again is safe. */
  unreachable: 5,
  timeout: 6,
  /** The server's certificate is not trusted; trying again is of no use. */
  untrusted: 7,
  runFailed: 10,
  runCrashed: 11,
  runCancelled: 12,
  interrupted: 130,
} as const;

/** The exit code that says how a run ended. */
export function exitCodeOfState(type: string | null): number {
  if (type === "COMPLETED") return EXIT_CODES.ok;
  if (type === "CRASHED") return EXIT_CODES.runCrashed;
  if (type === "CANCELLED" || type === "CANCELLING") return EXIT_CODES.runCancelled;
  return EXIT_CODES.runFailed;
}
