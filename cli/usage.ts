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
  /** Longer explanations, line by line. */
  readonly notes: readonly string[];
  /** Command lines to copy, each with a word about it. */
  readonly examples: readonly (readonly [about: string, command: string])[];
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
    ...program.notes,
    "",
    "Examples:",
    ...examples,
  ].join("\n");
}
