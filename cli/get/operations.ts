// The operations of one command line, divided by --next, and what files of -K add to them.

import { UsageError } from "../console/failure.ts";
import type { Flag } from "../flags/flags.ts";
import { spreadLetters } from "../flags/letters.ts";
import { configWords, readConfigFile } from "./config_file.ts";

/** Files of -K may name others, not without end. */
const DEEPEST = 10;
/** Flags that concern all operations, wherever they stand. */
const common = ["silent", "show-error", "no-progress-meter", "verbose", "parallel", "parallel-max"]
  .concat("fail-early");

/**
 * Divides the words of a command line.
 *
 * @param flags The flags that are known, in the style of letters.
 * @param args The words.
 * @param read Reads a file of -K.
 * @returns The words of each operation, without --next and -K.
 * @throws {Failure} If a file cannot be read or understood.
 */
export function splitOperations(
  flags: readonly Flag[],
  args: readonly string[],
  read: (path: string) => string = readConfigFile,
): readonly (readonly string[])[] {
  const splitter = new Splitter(flags, read);
  splitter.take(args, 0);
  return splitter.operations;
}

class Splitter {
  readonly #flags: readonly Flag[];
  readonly #read: (path: string) => string;
  readonly #common: string[] = [];
  readonly #operations: string[][] = [[]];
  /** Whether the last operation has a URL. */
  #hasUrl = false;

  constructor(flags: readonly Flag[], read: (path: string) => string) {
    this.#flags = flags;
    this.#read = read;
  }

  get operations(): readonly (readonly string[])[] {
    return this.#operations.map((words) => [...this.#common, ...words]);
  }

  take(args: readonly string[], depth: number): void {
    const words = spreadLetters(this.#flags, args, "letters");
    for (let i = 0; i < words.length; i++) {
      const word = words[i]!;
      // What follows is no flag.
      if (word === "--") return this.#addAll(words.slice(i));
      const [, form, inline] = /^--?([^-=][^=]*)(?:=([^]*))?$/.exec(word) ?? [];
      const flag = form === undefined
        ? undefined
        : this.#flags.find(({ name, short }) => name === form || short === form);
      const isOpen = flag?.value !== undefined && inline === undefined && i + 1 < words.length;
      const taken = isOpen ? [word, words[++i]!] : [word];
      if (flag?.name === "next") this.#next();
      else if (flag?.name === "config") this.#takeFile(inline ?? taken[1], depth);
      else if (flag !== undefined && common.includes(flag.name)) this.#common.push(...taken);
      else {
        this.#hasUrl ||= flag?.name === "url" || !word.startsWith("-");
        this.#operations.at(-1)!.push(...taken);
      }
    }
  }

  #addAll(words: readonly string[]): void {
    this.#operations.at(-1)!.push(...words);
    this.#hasUrl ||= words.length > 1;
  }

  #next(): void {
    if (!this.#hasUrl) throw new UsageError("Cannot use --next there: no URL stands before it");
    this.#operations.push([]);
    this.#hasUrl = false;
  }

  #takeFile(path: string | undefined, depth: number): void {
    if (path === undefined) throw new UsageError("Cannot use -K alone: write -K FILE");
    if (depth === DEEPEST) {
      throw new UsageError(`Cannot read ${path}: files of -K name each other without end`);
    }
    this.take(configWords(this.#read(path), path, this.#flags), depth + 1);
  }
}
