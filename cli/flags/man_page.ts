// The page of the manual, made from the tables of flags.

import type { Command } from "./command.ts";
import type { Flag } from "./flags.ts";
import type { Program } from "./usage.ts";

/**
 * The page in the language of `man`, section 1.
 *
 * @param name The name of the program.
 * @param version Its version.
 * @param about What it does, in a sentence.
 * @param commands Its commands.
 */
export function manPage(
  name: string,
  version: string,
  about: string,
  commands: readonly Command[],
): string {
  return [
    `.TH ${name.toUpperCase()} 1 "" "${name} ${version}"`,
    ".SH NAME",
    `${name} \\- ${plain(about)}`,
    ".SH SYNOPSIS",
    ...commands.flatMap(({ program }, i) => [
      ...i > 0 ? [".br"] : [],
      `.B ${plain(program.name)}`,
      plain(program.synopsis),
    ]),
    ...commands.flatMap(({ program }) => sectionOf(program)),
    "",
  ].join("\n");
}

function sectionOf(program: Program): string[] {
  return [
    `.SH "${program.name.toUpperCase()}"`,
    plain(program.about),
    ...program.examples.flatMap(([about, command]) => [
      ".PP",
      plain(`${about}:`),
      ".PP",
      ".nf",
      `.RS 4`,
      plain(command),
      ".RE",
      ".fi",
    ]),
    ...program.flags.flatMap(flagLines),
    ...program.permissions.length > 0 ? [`.SS "Permissions of deno run"`] : [],
    ...program.permissions.flatMap(({ flag, why }) => [".TP", `.B ${plain(flag)}`, plain(why)]),
    ...program.notes.flatMap((note) => [".PP", plain(note)]),
  ];
}

function flagLines({ name, short, value, help, group }: Flag): string[] {
  const forms = [...short === undefined ? [] : [`-${short}`], `--${name}`];
  const bold = forms.map((form) => `\\fB${plain(form)}\\fR`).join(", ");
  const heading = group === undefined ? [] : [`.SS "${plain(group)}"`];
  return [...heading, ".TP", value ? `${bold} \\fI${plain(value)}\\fR` : bold, plain(help)];
}

/** Text without what means something to roff: a dot or quote first, backslashes, and hyphens. */
function plain(text: string): string {
  return text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replace(/^[.']/, "\\&$&");
}
