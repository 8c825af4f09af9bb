/** Ends a program: one sentence for its user, and the exit code. */
export class Failure extends Error {
  override readonly name: string = "Failure";
  /** What the shell sees. */
  readonly exitCode: number;

  /**
   * @param message One sentence that says what to do.
   * @param exitCode What the shell sees.
   */
  constructor(message: string, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** The command line cannot be understood; exit code 2, as shells and Go programs do. */
export class UsageError extends Failure {
  override readonly name = "UsageError";

  /** @param message One sentence that says what to do. */
  constructor(message: string) {
    super(message, 2);
  }
}
