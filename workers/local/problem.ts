/** A reason not to start, or not to go on, that its reader can do something about: one sentence, and an exit code. */
export class StartProblem extends Error {
  override name = "StartProblem";
  /** 1: it could not be done. 2: it was asked for wrongly. */
  readonly exitCode: 1 | 2;

  constructor(sentence: string, exitCode: 1 | 2 = 1, cause?: unknown) {
    super(sentence, { cause });
    this.exitCode = exitCode;
  }
}

/** The code of a system error (`EACCES`), or its message. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return (error as NodeJS.ErrnoException).code ?? error.message;
}
