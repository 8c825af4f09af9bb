// Reads the flags of a command line.

import { parseArgs } from "node:util";
import { UsageError } from "../console/failure.ts";
import { spreadLetters } from "./letters.ts";
import { nearestWord } from "./nearest_word.ts";

/** Milliseconds in a day. */
const LONGEST_TIME = 86_400_000;

/** One flag of a program. */
export interface Flag {
  /** The long name, written `--name`. */
  readonly name: string;
  /** The short form; `-form` and `--form` both work. */
  readonly short?: string;
  /** What stands for its value in the help; a flag without one is a switch. */
  readonly value?: string;
  /** Whether all of several values count, not the last one. */
  readonly isRepeatable?: boolean;
  /** One sentence for the help. */
  readonly help: string;
  /** The heading under which the help shows the flag; that of the flag before it if left out. */
  readonly group?: string;
}

/**
 * How words with one dash are read: `"go"` as Go's flag package does, `-name value`, with bundles of
 * switches beside it; `"letters"` as curl does, `-sk`, `-ofile`.
 */
export type FlagStyle = "go" | "letters";

/** A flag that was given, with its value; a switch has none. */
export type GivenFlag = readonly [name: string, value?: string];

/** What stood on a command line. */
export interface FlagValues {
  /** The switches and values that were given, by long name. */
  readonly values: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
  /** The same, each in the order of the command line, for flags that concern what stands beside. */
  readonly order: readonly GivenFlag[];
  /** What was not a flag. */
  readonly rest: readonly string[];
}

/**
 * Reads a command line.
 *
 * Like Go's flag package, which the programs of 2018 used, it takes one dash or two and
 * `-flag value` or `-flag=value`; flags may also stand behind other arguments.
 *
 * @param program The name of the program, for error messages.
 * @param flags The flags it knows.
 * @param args The words of the command line.
 * @param style How words with one dash are read.
 */
export function readFlags(
  program: string,
  flags: readonly Flag[],
  args: readonly string[],
  style: FlagStyle = "go",
): FlagValues {
  const options = Object.fromEntries(
    flags.map(({ name, value, isRepeatable: multiple = false }) =>
      [name, { type: value ? "string" : "boolean", multiple }] as const
    ),
  );
  const normalised = normaliseArgs(program, flags, spreadLetters(flags, args, style));
  const parsed = parseArgs({ args: normalised, options, allowPositionals: true, strict: true });
  const order = normalised.slice(0, normalised.indexOf("--")).map(givenFlag);
  return { values: parsed.values as FlagValues["values"], order, rest: parsed.positionals };
}

/** Of a word as {@linkcode normaliseArgs} writes it. */
function givenFlag(word: string): GivenFlag {
  const at = word.indexOf("=");
  return at < 0 ? [word.slice(2)] : [word.slice(2, at), word.slice(at + 1)];
}

/**
 * Rewrites every accepted form to `--name` or `--name=value`, which leaves no room for doubt.
 *
 * @param program The name of the program, for error messages.
 * @param flags The flags it knows.
 * @param args The words of the command line.
 */
export function normaliseArgs(
  program: string,
  flags: readonly Flag[],
  args: readonly string[],
): string[] {
  const out: string[] = [];
  const rest: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const word = args[i]!;
    if (word === "--") {
      rest.push(...args.slice(i + 1));
      break;
    }
    const [, form, value] = /^--?([^-=][^=]*)(?:=([^]*))?$/.exec(word) ?? [];
    if (form === undefined) {
      // A lone dash is a name for standard output or input; anything else with a dash is a mistake.
      if (word.startsWith("-") && word !== "-") throw unknownFlag(program, flags, word);
      rest.push(word);
      continue;
    }
    const flag = findFlag(flags, form);
    if (!flag) throw unknownFlag(program, flags, word);
    if (!flag.value) out.push(...normaliseSwitch(flag, word, value));
    else out.push(`--${flag.name}=${value ?? nextValue(flags, flag, word, args[++i])}`);
  }
  return [...out, "--", ...rest];
}

/** The flags' names as a user may type them: the short form first. */
export function flagForms(flag: Flag): string {
  return flag.short ? `-${flag.short}, --${flag.name}` : `--${flag.name}`;
}

/**
 * Reads a flag's value as a whole number.
 *
 * @param given What stood on the command line.
 * @param name The flag's long name.
 * @param least The smallest number allowed.
 * @param most The largest number allowed.
 */
export function numberValue(
  given: FlagValues,
  name: string,
  least: number,
  most: number,
): number | undefined {
  const text = textValue(given, name);
  if (text === undefined) return undefined;
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  throw new UsageError(
    `Cannot use "${text}" for --${name}: give a whole number from ${least} to ${most}`,
  );
}

/**
 * Reads a flag's value as seconds, and gives milliseconds.
 *
 * @param given What stood on the command line.
 * @param name The flag's long name.
 */
export function secondsValue(given: FlagValues, name: string): number | undefined {
  const text = textValue(given, name);
  if (text === undefined) return undefined;
  const value = /^(\d+(\.\d*)?|\.\d+)$/.test(text) ? Math.round(1000 * Number(text)) : NaN;
  if (value >= 1 && value <= LONGEST_TIME) return value;
  throw new UsageError(
    `Cannot use "${text}" for --${name}: give seconds, such as 10 or 0.5, up to a day`,
  );
}

/**
 * Reads a flag's value as one of several known words.
 *
 * @param given What stood on the command line.
 * @param name The flag's long name.
 * @param choices The known words; those that mean the same have the same value.
 */
export function choiceValue<T>(
  given: FlagValues,
  name: string,
  choices: Readonly<Record<string, T>>,
): T | undefined {
  const text = textValue(given, name);
  if (text === undefined) return undefined;
  if (Object.hasOwn(choices, text)) return choices[text];
  throw new UsageError(
    `Cannot use "${text}" for --${name}: give one of ${Object.keys(choices).join(", ")}`,
  );
}

/**
 * Reads a flag's value as words separated by commas.
 *
 * @param given What stood on the command line.
 * @param name The flag's long name.
 */
export function listValue(given: FlagValues, name: string): readonly string[] {
  const text = textValue(given, name);
  if (text === undefined) return [];
  const words = text.split(",").map((word) => word.trim());
  if (!words.includes("")) return words;
  throw new UsageError(
    `Cannot use "${text}" for --${name}: give names separated by single commas, without gaps`,
  );
}

/**
 * Reads a flag's value as it stands.
 *
 * @param given What stood on the command line.
 * @param name The flag's long name.
 */
export function textValue(given: FlagValues, name: string): string | undefined {
  const value = given.values[name];
  return typeof value === "string" ? value : undefined;
}

/**
 * All values of a flag that may be repeated, as they stand.
 *
 * @param given What stood on the command line.
 * @param name The flag's long name.
 */
export function textValues(given: FlagValues, name: string): readonly string[] {
  const values = given.values[name];
  return Array.isArray(values) ? values : [];
}

function findFlag(flags: readonly Flag[], form: string): Flag | undefined {
  return flags.find((flag) => flag.name === form || flag.short === form);
}

function normaliseSwitch(flag: Flag, word: string, value: string | undefined): string[] {
  if (value === undefined || value === "true") return [`--${flag.name}`];
  if (value === "false") return [];
  throw new UsageError(`Cannot use "${word}": ${flagForms(flag)} is a switch and takes no value`);
}

function nextValue(
  flags: readonly Flag[],
  flag: Flag,
  word: string,
  next: string | undefined,
): string {
  // "-sc -v" is a forgotten value, not a scheduler called "-v".
  const form = /^--?([^-=][^=]*)/.exec(next ?? "")?.[1];
  if (next !== undefined && next !== "--" && !(form && findFlag(flags, form))) return next;
  throw new UsageError(`Cannot use ${word} alone: write ${word} ${flag.value}`);
}

function unknownFlag(program: string, flags: readonly Flag[], word: string): UsageError {
  const form = word.replace(/^-+/, "").replace(/=.*$/s, "").slice(0, 40);
  const near = nearestForm(flags, form);
  const advice = near ? `use ${near}, or see ${program} -h` : `see ${program} -h for all flags`;
  return new UsageError(`Cannot use ${word}: there is no such flag; ${advice}`);
}

function nearestForm(flags: readonly Flag[], form: string): string | undefined {
  const nearest = nearestWord(form, flags.flatMap(({ name, short }) => [name, short ?? []].flat()));
  if (nearest === undefined) return undefined;
  return flags.some(({ name }) => name === nearest) ? `--${nearest}` : `-${nearest}`;
}
