// Writes JSON without objects.

import { MAX_LOGGED_TEXT } from "../limits/limits.ts";

/**
 * Writes one JSON object, member after member, into a string. Numbers that are not finite are left
 * out: what is not known is not logged.
 */
export class JsonText {
  #text = "";
  /** Whether the next member or item needs a comma before it. */
  #isFollowing = false;

  /** Begins an object: a member if it has a name, else an item or the whole. */
  open(name?: string): this {
    return this.#begin(name, "{");
  }

  close(): this {
    return this.#end("}");
  }

  openList(name?: string): this {
    return this.#begin(name, "[");
  }

  closeList(): this {
    return this.#end("]");
  }

  number(name: string, value: number): this {
    if (Number.isFinite(value)) this.#member(name, String(value));
    return this;
  }

  /** Milliseconds, to the microsecond. */
  time(name: string, value: number): this {
    return this.number(name, Math.round(value * 1_000) / 1_000);
  }

  flag(name: string, value: boolean): this {
    return this.#member(name, value ? "true" : "false");
  }

  /** A word of ours, which needs no escapes. */
  word(name: string, value: string): this {
    return this.#member(name, `"${value}"`);
  }

  /** A text from any source; a long text is cut. */
  text(name: string, value: string): this {
    return this.#member(name, JSON.stringify(value.slice(0, MAX_LOGGED_TEXT)));
  }

  /** A value that is JSON already. */
  json(name: string, value: string): this {
    return this.#member(name, value);
  }

  /** An item of a list, a word of ours. */
  wordItem(value: string): this {
    return this.#item(`"${value}"`);
  }

  /** An item of a list that is itself a list: the range from the first number up to the last. */
  rangeItem(first: number, last: number): this {
    return this.#item(first === last ? `[${first}]` : `[${first},${last}]`);
  }

  /** What was written; the next object begins. */
  take(): string {
    const text = this.#text;
    this.#text = "";
    this.#isFollowing = false;
    return text;
  }

  #begin(name: string | undefined, bracket: string): this {
    if (name === undefined) this.#item(bracket);
    else this.#member(name, bracket);
    this.#isFollowing = false;
    return this;
  }

  #end(bracket: string): this {
    this.#text += bracket;
    this.#isFollowing = true;
    return this;
  }

  #member(name: string, json: string): this {
    this.#text += this.#isFollowing ? `,"${name}":${json}` : `"${name}":${json}`;
    this.#isFollowing = true;
    return this;
  }

  #item(json: string): this {
    this.#text += this.#isFollowing ? `,${json}` : json;
    this.#isFollowing = true;
    return this;
  }
}
