// Runs a program to its end, and prints what it throws in one line.

import { Failure } from "./failure.ts";
import { clearLine, report } from "./output.ts";
import { printable } from "./printable.ts";
import { whyNot } from "./why_not.ts";
import { writeAllSync } from "./write_all.ts";

/**
 * Runs a program to its end and turns whatever it throws into one line on standard error.
 *
 * @param program The name that begins the line.
 * @param main The program; its answer is the exit code.
 */
export async function runProgram(program: string, main: () => Promise<number>): Promise<void> {
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault(); // a stack trace does not help at a command line
    report(`${program}: ${describeError(event.reason)}`);
  });
  let exitCode: number;
  try {
    exitCode = await main();
  } catch (error) {
    report(`${program}: ${describeError(error)}`);
    exitCode = error instanceof Failure ? error.exitCode : 1;
  }
  Deno.exit(exitCode);
}

/**
 * Prints what was asked for, and has nothing else to do.
 *
 * @param text What to print on standard output.
 * @returns The exit code.
 * @throws {Failure} If it cannot be written; a reader that has seen enough may leave before the end.
 */
export function say(text: string): number {
  try {
    writeAllSync(Deno.stdout, new TextEncoder().encode(`${text}\n`));
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return 0;
    throw new Failure(`Cannot write to standard output: ${whyNot(error)}`);
  }
  return 0;
}

/**
 * Calls back once when the user or the system wants the program to end. After that the same
 * signal ends it at once, should the polite way take too long.
 *
 * @param stop What to do.
 * @returns Stops listening.
 */
export function onInterruption(stop: () => void): () => void {
  const signals: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];
  function forget(): void {
    for (const signal of signals) Deno.removeSignalListener(signal, hear);
  }
  function hear(): void {
    forget();
    clearLine(); // terminals show ^C where the cursor is
    stop();
  }
  for (const signal of signals) Deno.addSignalListener(signal, hear);
  return forget;
}

/**
 * Calls back each time that the system tells the program to look at its files again (SIGHUP).
 *
 * @param look What to do.
 * @returns Stops listening.
 */
export function onHangup(look: () => void): () => void {
  if (Deno.build.os === "windows") return () => {};
  Deno.addSignalListener("SIGHUP", look);
  return () => Deno.removeSignalListener("SIGHUP", look);
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
  return printable(text.replaceAll(/\s*\n\s*/g, " ").trim());
}
