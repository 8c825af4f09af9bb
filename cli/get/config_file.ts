// Files with flags, a line each, as curl has them for -K.

import { CurlCode } from "../console/curl_code.ts";
import { UsageError } from "../console/failure.ts";
import { printable } from "../console/printable.ts";
import { unreadable } from "../console/unreadable.ts";
import type { Flag } from "../flags/flags.ts";
import { spreadLetters } from "../flags/letters.ts";

/** What stands behind a backslash within quotes, where it is not the sign itself. */
const escapes: Readonly<Record<string, string>> = { t: "\t", n: "\n", r: "\r", v: "\v" };

/**
 * The text of a file with flags.
 *
 * @param path Its name; "-" is standard input.
 * @throws {Failure} If it cannot be read.
 */
export function readConfigFile(path: string): string {
  try {
    return path === "-" ? readStandardInput() : Deno.readTextFileSync(path);
  } catch (error) {
    throw unreadable(error, path, "-K", CurlCode.Read);
  }
}

/**
 * The words of a command line that a text stands for: `name = value`, `name: value`, `--name value`,
 * `-n value`, each on a line; a value with gaps stands within double quotes.
 *
 * @param text The text.
 * @param path The name of its file.
 * @param flags The flags that are known.
 * @throws {UsageError} If a line is not understood.
 */
export function configWords(text: string, path: string, flags: readonly Flag[]): string[] {
  return text.split(/\r?\n/).flatMap((line, i) => {
    const content = line.trim();
    if (content === "" || content.startsWith("#")) return [];
    const refuse = (reason: string) =>
      new UsageError(`Cannot use line ${i + 1} of ${path}, "${printable(content)}": ${reason}`);
    return wordsOf(content, flags, refuse);
  });
}

function wordsOf(
  line: string,
  flags: readonly Flag[],
  refuse: (reason: string) => UsageError,
): string[] {
  const isDashed = line.startsWith("-");
  const pattern = isDashed ? /^(\S+)\s*([^]*)$/ : /^([^\s=:]+)[\s=:]*([^]*)$/;
  const [, option, rest] = pattern.exec(line) ?? [];
  if (option === undefined || rest === undefined) throw refuse("it names no flag");
  const words = isDashed ? spreadLetters(flags, [option], "letters") : [`--${option}`];
  const last = words.pop()!;
  const form = /^--?([^-=][^=]*)$/.exec(last)?.[1];
  // The name of a dashed flag may have its value behind "=" as on the command line.
  if (form === undefined && rest === "") return [...words, last];
  const flag = form === undefined
    ? undefined
    : flags.find(({ name, short }) => name === form || (isDashed && short === form));
  if (flag === undefined) throw refuse("there is no such flag; see mpquic get -h");
  const value = valueOf(rest, refuse);
  if (flag.value === undefined) {
    if (value) throw refuse(`--${flag.name} is a switch and takes no value`);
    return [...words, `--${flag.name}`];
  }
  if (value === undefined) throw refuse(`write ${flag.value} behind it`);
  return [...words, `--${flag.name}=${value}`];
}

/** The value of a flag; undefined if there is none. */
function valueOf(text: string, refuse: (reason: string) => UsageError): string | undefined {
  if (text.startsWith('"')) {
    const quoted = /^"((?:[^"\\]|\\[^])*)/.exec(text)![1]!;
    return quoted.replaceAll(/\\([^])/g, (_, sign: string) => escapes[sign] ?? sign);
  }
  const [, value, more] = /^(\S*)\s*([^]*)$/.exec(text)!;
  if (more !== "" && !more!.startsWith("#")) throw refuse("put double quotes around the value");
  return value === "" ? undefined : value;
}

function readStandardInput(): string {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(65_536);
  let text = "";
  for (let count; (count = Deno.stdin.readSync(buffer)) !== null;) {
    text += decoder.decode(buffer.subarray(0, count), { stream: true });
  }
  return text;
}
