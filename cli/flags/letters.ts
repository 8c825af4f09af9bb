// Takes bundles of letters apart: -sk, -ofile.

import { UsageError } from "../console/failure.ts";
import type { Flag, FlagStyle } from "./flags.ts";

/**
 * Writes each letter of a bundle as a word of its own; other words stay as they are.
 *
 * In the style of Go, long names with one dash come first, and only switches are bundled: a value
 * behind a letter could be a misspelt name. In the style of curl, one dash always begins letters.
 *
 * @param flags The flags that are known.
 * @param args The words of the command line.
 * @param style How words with one dash are read.
 * @throws {UsageError} If a word is a long name with one dash, where that means letters.
 */
export function spreadLetters(
  flags: readonly Flag[],
  args: readonly string[],
  style: FlagStyle,
): string[] {
  const byForm = new Map<string, Flag>();
  for (const flag of flags) {
    byForm.set(flag.name, flag);
    if (flag.short !== undefined) byForm.set(flag.short, flag);
  }
  const out: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const word = args[i]!;
    if (word === "--") return [...out, ...args.slice(i)];
    const spread = /^-[^-]/.test(word) ? lettersOf(word, byForm, style) : [word];
    out.push(...spread);
    const last = /^--?([^-=][^=]*)$/.exec(spread.at(-1)!)?.[1];
    const isOpen = last !== undefined && byForm.get(last)?.value !== undefined;
    if (isOpen && i + 1 < args.length) out.push(args[++i]!); // a value, whatever it looks like
  }
  return out;
}

function lettersOf(word: string, byForm: ReadonlyMap<string, Flag>, style: FlagStyle): string[] {
  const text = word.slice(1);
  if (style === "go") {
    const isKnown = byForm.has(text.replace(/=.*$/s, ""));
    const isBundle = [...text].every((letter) =>
      byForm.has(letter) && byForm.get(letter)!.value === undefined
    );
    return isKnown || !isBundle ? [word] : [...text].map((letter) => `-${letter}`);
  }
  if (text.length > 1 && byForm.has(text)) {
    throw new UsageError(`Cannot use ${word}: one dash begins letters; did you mean --${text}?`);
  }
  const out: string[] = [];
  for (let at = 0; at < text.length; at++) {
    const letter = text[at]!;
    const flag = byForm.get(letter);
    if (flag === undefined) return [word]; // what it should be is told where words are read
    if (flag.value === undefined) out.push(`-${letter}`);
    else {
      const value = text.slice(at + 1);
      return [...out, value === "" ? `-${letter}` : `--${flag.name}=${value}`];
    }
  }
  return out;
}
