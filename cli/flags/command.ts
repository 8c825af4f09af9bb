// A command of the program `mpquic`.

import type { Program } from "./usage.ts";

/** What stands behind `mpquic` on a command line. */
export interface Command {
  /** The word that users type. */
  readonly name: string;
  /** What it does, in a few words, for lists of commands. */
  readonly summary: string;
  /** Its help and its flags. */
  readonly program: Program;
  /**
   * Runs it to its end.
   *
   * @param args The words behind its name.
   * @returns The exit code.
   */
  readonly run: (args: readonly string[]) => Promise<number>;
}
