// The text of the help.

import { type Flag, flagForms } from "./flags.ts";

/** What `-h` explains. */
export interface Program {
  /** The name users type. */
  readonly name: string;
  /** What it does, in a sentence or two. */
  readonly about: string;
  /** What follows the name on the command line. */
  readonly synopsis: string;
  /** The flags it knows. */
  readonly flags: readonly Flag[];
  /** What `deno run` must be told to allow, in the order of the program's first line. */
  readonly permissions: readonly Permission[];
  /** Longer explanations, line by line. */
  readonly notes: readonly string[];
  /** Command lines to copy, each with a word about it. */
  readonly examples: readonly (readonly [about: string, command: string])[];
}

/** Something that the runtime allows only if it is told to. */
export interface Permission {
  /** The flag of `deno run`. */
  readonly flag: string;
  /** What it is for. */
  readonly why: string;
  /** Whether only some flags of the program need it; then its first line is without it. */
  readonly isOptional?: boolean;
}

/**
 * The text that `-h` prints.
 *
 * @param program What to explain.
 */
export function usageText(program: Program): string {
  const forms = program.flags.map((flag) => flagForms(flag) + (flag.value ? ` ${flag.value}` : ""));
  const width = Math.max(...forms.map((form) => form.length));
  const flags = program.flags.map((flag, i) => `  ${forms[i]!.padEnd(width)}  ${flag.help}`);
  const room = Math.max(...program.permissions.map(({ flag }) => flag.length));
  const permissions = program.permissions.map(({ flag, why }) => `  ${flag.padEnd(room)}  ${why}`);
  const examples = program.examples.flatMap(([about, command]) => [
    `  ${about}:`,
    `    ${command}`,
  ]);
  return [
    program.about,
    "",
    `Usage: ${program.name} ${program.synopsis}`,
    "",
    'Flags (one dash or two, value after a space or "="):',
    ...flags,
    "",
    "Permissions of deno run, or -A for all:",
    ...permissions,
    "",
    ...program.notes,
    "",
    "Examples:",
    ...examples,
  ].join("\n");
}
