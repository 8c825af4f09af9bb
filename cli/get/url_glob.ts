// Several URLs written as one, as curl has them: {a,b}, [1-10], [a-z:2].

import { isIP } from "node:net";
import { Failure } from "../console/failure.ts";
import { printable } from "../console/printable.ts";

/** curl's exit code for a URL that is written wrong. */
const MALFORMED = 3;
/** What a pattern may stand for at most: each of them is kept in memory. */
const MOST = 100_000;

/** One of the texts that a pattern stands for. */
export interface GlobMatch {
  /** The text. */
  readonly text: string;
  /** What stands in it for each of the braces and brackets, the first one for `#1`. */
  readonly parts: readonly string[];
}

/** A piece of a pattern: what it may be replaced by. */
interface Piece {
  readonly choices: readonly string[];
  readonly isFixed: boolean;
}

/**
 * All texts that a pattern stands for; the last braces or brackets vary first.
 *
 * @param pattern The text, with `{a,b}` and `[1-10]`. A backslash takes the meaning from a bracket.
 * @throws {Failure} If it is written wrong, or stands for too many.
 */
export function expandGlob(pattern: string): readonly GlobMatch[] {
  const pieces = new GlobReader(pattern).read();
  const count = pieces.reduce((product, { choices }) => product * choices.length, 1);
  if (count > MOST) {
    throw malformed(pattern, `it stands for ${count} URLs, more than ${MOST}; give fewer at once`);
  }
  let all: GlobMatch[] = [{ text: "", parts: [] }];
  for (const { choices, isFixed } of pieces) {
    all = all.flatMap(({ text, parts }) =>
      choices.map((choice) => ({
        text: text + choice,
        parts: isFixed ? parts : [...parts, choice],
      }))
    );
  }
  return all;
}

/**
 * The name of a file for one of the texts: `#1` is what stands for the first braces or brackets.
 *
 * @param name The name; a number that is too large stays as it is.
 * @param parts What stands for them.
 */
export function fillGlob(name: string, parts: readonly string[]): string {
  return name.replaceAll(/#(\d+)/g, (sign, number) => parts[Number(number) - 1] ?? sign);
}

/** Takes a pattern apart. */
class GlobReader {
  readonly #pattern: string;
  #at = 0;

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  read(): readonly Piece[] {
    const pieces: Piece[] = [];
    while (this.#at < this.#pattern.length) {
      const fixed = this.#fixed();
      if (fixed !== "") pieces.push({ choices: [fixed], isFixed: true });
      const sign = this.#pattern[this.#at];
      if (sign === "{") pieces.push({ choices: this.#set(), isFixed: false });
      if (sign === "[") pieces.push({ choices: this.#range(), isFixed: false });
    }
    return pieces;
  }

  /** Text up to the next braces or brackets; the brackets of an IPv6 address belong to it. */
  #fixed(): string {
    let text = "";
    while (this.#at < this.#pattern.length) {
      const rest = this.#pattern.slice(this.#at);
      const sign = rest[0]!;
      const literal = /^\[([^\]]*)\]/.exec(rest);
      if (literal !== null && (literal[1] === "" || isIP(literal[1]!.replace(/%.*/, "")) === 6)) {
        text += literal[0];
        this.#at += literal[0].length;
      } else if (sign === "{" || sign === "[") return text;
      else if (sign === "}" || sign === "]") throw this.#wrong(`"${sign}" has no beginning`);
      else {
        const isEscape = sign === "\\" && /^[[\]{}]/.test(rest.slice(1));
        text += isEscape ? rest[1] : sign;
        this.#at += isEscape ? 2 : 1;
      }
    }
    return text;
  }

  #set(): readonly string[] {
    const choices: string[] = [];
    let choice = "";
    for (let at = this.#at + 1; at < this.#pattern.length; at++) {
      const sign = this.#pattern[at]!;
      if (sign === "}") {
        if (at === this.#at + 1) throw this.#wrong("there is nothing between the braces");
        this.#at = at + 1;
        return [...choices, choice];
      }
      if (/[[\]{]/.test(sign)) throw this.#wrong("braces and brackets do not go into each other");
      if (sign === ",") {
        choices.push(choice);
        choice = "";
      } else {
        if (sign === "\\" && at + 1 < this.#pattern.length) at++;
        choice += this.#pattern[at]!;
      }
    }
    throw this.#wrong('"{" has no end');
  }

  #range(): readonly string[] {
    const rest = this.#pattern.slice(this.#at);
    const [whole, from, to, by = "1"] =
      /^\[(\d+|[a-zA-Z])-[ \t]*(\d+|[a-zA-Z])(?::(\d+))?\]/.exec(rest) ?? [];
    if (from === undefined || to === undefined) throw this.#wrong("it is no range such as [1-10]");
    const isNumber = /\d/.test(from);
    if (isNumber !== /\d/.test(to)) throw this.#wrong("a range has two numbers or two letters");
    const [first, last] = isNumber
      ? [Number(from), Number(to)]
      : [from.charCodeAt(0), to.charCodeAt(0)];
    const step = Number(by);
    const isWide = !isNumber && last - first > 25;
    const isOne = first === last && step === 1;
    if (!isOne && (first >= last || isWide || step === 0 || step > last - first)) {
      throw this.#wrong("the range does not go from less to more in such steps");
    }
    if ((last - first) / step >= MOST) throw this.#wrong(`it has more than ${MOST} numbers`);
    this.#at += whole!.length;
    // As many digits as the first number has, if that begins with zero.
    const width = isNumber && from.startsWith("0") ? from.length : 0;
    const textOf = (value: number) =>
      isNumber ? String(value).padStart(width, "0") : String.fromCharCode(value);
    const count = Math.floor((last - first) / step) + 1;
    return Array.from({ length: count }, (_, i) => textOf(first + i * step));
  }

  #wrong(reason: string): Failure {
    return malformed(this.#pattern, `${reason}, at character ${this.#at + 1}`);
  }
}

function malformed(pattern: string, reason: string): Failure {
  return new Failure(
    `Cannot read "${printable(pattern)}": ${reason}; with -g it is taken as it is`,
    MALFORMED,
  );
}
