// The text of the help.

import { type Flag, flagForms, type FlagStyle } from "./flags.ts";

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
  /** How words with one dash are read; as Go does if left out. */
  readonly style?: FlagStyle;
  /** What `deno run` must be told to allow, in the order of the program's first line. */
  readonly permissions: readonly Permission[];
  /** Longer explanations, one text for each paragraph. */
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

/** Characters of a line of the help where there is no terminal: as many as most show at least. */
const LINE = 80;
/** Lines of text that are longer than this are hard to read. */
const LONGEST_LINE = 100;
/** Where explanations begin; the name of a flag that needs more room has a line of its own. */
const COLUMN = 28;
/** Where explanations begin on a narrow terminal. */
const NARROW_COLUMN = 8;

/**
 * The text that `-h` prints.
 *
 * @param program What to explain.
 * @param width How many characters a line may have at most.
 */
export function usageText(program: Program, width = LINE): string {
  const line = Math.min(width, LONGEST_LINE);
  const entry = (name: string, text: string) => usageEntry(name, text, line);
  const wrap = (text: string, indent: number, mark = "") => wrapText(text, indent, line, mark);
  return [
    ...wrap(program.about, 0),
    "",
    ...wrap(`Usage: ${program.name} ${program.synopsis}`, 0),
    "",
    "Examples:",
    ...program.examples.flatMap(([about, command]) => [
      ...wrap(`${about}:`, 2),
      ...wrap(command, 4, " \\"),
    ]),
    "",
    ...wrap(
      program.style === "letters"
        ? 'Flags (letters can be bundled: -sk; a value after a space, or after "=" of a long name):'
        : 'Flags (one dash or two, value after a space or "="):',
      0,
    ),
    ...program.flags.flatMap((flag) => {
      const form = flagForms(flag) + (flag.value ? ` ${flag.value}` : "");
      const lines = entry(form, flag.help);
      return flag.group === undefined ? lines : ["", `  ${flag.group}:`, ...lines];
    }),
    ...program.permissions.length > 0 ? ["", "Permissions of deno run, or -A for all:"] : [],
    ...program.permissions.flatMap(({ flag, why }) => entry(flag, why)),
    ...program.notes.flatMap((paragraph) => ["", ...wrap(paragraph, 0)]),
  ].join("\n");
}

/**
 * A name and its explanation beside it, or below if the name is long or the line short.
 *
 * @param name What is explained.
 * @param explanation What it is.
 * @param width How many characters a line may have at most.
 */
export function usageEntry(name: string, explanation: string, width = LINE): string[] {
  const column = width < LINE ? NARROW_COLUMN : COLUMN;
  const lines = wrapText(explanation, column, width);
  const isShort = name.length + 4 <= column;
  if (!isShort) return [`  ${name}`, ...lines];
  return [`  ${name}`.padEnd(column) + lines[0]!.slice(column), ...lines.slice(1)];
}

/**
 * Breaks a text between words.
 *
 * @param text The text.
 * @param indent Spaces before the first line; the others of a command have two more.
 * @param width How many characters a line may have at most.
 * @param mark What ends a line that goes on.
 */
export function wrapText(text: string, indent: number, width: number, mark = ""): string[] {
  const lines: string[] = [];
  let line = " ".repeat(indent);
  let isEmpty = true;
  for (const word of text.split(" ")) {
    if (!isEmpty && line.length + 1 + word.length + mark.length > width) {
      lines.push(line + mark);
      line = " ".repeat(indent + (mark === "" ? 0 : 2));
      isEmpty = true;
    }
    line += (isEmpty ? "" : " ") + word;
    isEmpty = false;
  }
  return [...lines, line];
}
