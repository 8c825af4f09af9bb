// deno-lint-ignore-file no-console -- a program speaks on its console
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

/**
 * Runs a program to its end and turns whatever it throws into one line on standard error.
 *
 * @param program The name that begins the line.
 * @param main The program; its answer is the exit code.
 */
export async function runProgram(program: string, main: () => Promise<number>): Promise<void> {
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault(); // a stack trace helps nobody at a command line
    console.error(`${program}: ${describeError(event.reason)}`);
  });
  let exitCode: number;
  try {
    exitCode = await main();
  } catch (error) {
    console.error(`${program}: ${describeError(error)}`);
    exitCode = error instanceof Failure ? error.exitCode : 1;
  }
  Deno.exit(exitCode);
}

/** Says in one line what went wrong, whatever was thrown. */
export function describeError(error: unknown): string {
  if (error instanceof Deno.errors.NotCapable) return describeMissingPermission(error);
  if (error instanceof Error) return oneLine(error.message || error.name);
  return oneLine(String(error));
}

function describeMissingPermission(error: Error): string {
  const flag = /--allow-[a-z]+/.exec(error.message)?.[0] ?? "--allow-net --allow-read";
  return `Cannot go on without a permission: run it again with "deno run ${flag}"`;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, " ").trim();
}
