/** Ends a program: one sentence for its user, and the exit code. */
export class Failure extends Error {
  override readonly name: string = "Failure";
  /** What the shell sees. */
  readonly exitCode: number;
  /** What the shell would see of curl, for the command that keeps its habits. */
  readonly curlCode: number;

  /**
   * @param message One sentence that says what to do.
   * @param exitCode What the shell sees.
   * @param curlCode What it would see of curl.
   */
  constructor(message: string, exitCode = 1, curlCode: number = exitCode) {
    super(message);
    this.exitCode = exitCode;
    this.curlCode = curlCode;
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
