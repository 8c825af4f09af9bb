// The file with the users of a server: of its uploads, or of its proxy. It is read again on change.

import { ProxyUsers } from "../../mod.ts";
import { Failure } from "../console/failure.ts";
import { whyNot } from "../console/why_not.ts";
import { aloud, type FileNews } from "./file_news.ts";

/** Milliseconds between two looks whether the file has changed. */
const INTERVAL = 1_000;

/**
 * The users of a server. A user taken out of the file is out; if it cannot be used, those from before
 * stay, and that is said.
 */
export class UserFile {
  /** Who they are. */
  readonly users: ProxyUsers;
  readonly #path: string;
  readonly #news: FileNews;
  #text: string;
  #lookedAt = performance.now();
  #timer: ReturnType<typeof setInterval> | undefined;

  private constructor(path: string, text: string, news: FileNews) {
    this.#path = path;
    this.#text = text;
    this.#news = news;
    this.users = new ProxyUsers(text);
  }

  /**
   * Reads a file.
   *
   * @param flag The flag that named it.
   * @param news Hears of a changed list; the user of the program is told if it is left out.
   * @throws {Failure} If it cannot be read, or has a line of another form.
   */
  static async open(
    path: string,
    flag: "auth" | "users",
    news: FileNews = aloud,
  ): Promise<UserFile> {
    try {
      return new UserFile(path, await Deno.readTextFile(path), news);
    } catch (error) {
      if (error instanceof Deno.errors.NotCapable) throw error;
      if (error instanceof TypeError) throw new Failure(cannotUse(path, error));
      const reason = whyNot(error, "there is no such file");
      throw new Failure(`Cannot read the users in ${path}: ${reason}; name another with --${flag}`);
    }
  }

  /**
   * The user that a field `Authorization` proves; undefined if it proves none.
   *
   * @param field `Basic` with a name and a password, or `Bearer` with a password.
   */
  async userOf(field: string | null): Promise<string | undefined> {
    if (performance.now() - this.#lookedAt >= INTERVAL) await this.look();
    return this.users.identify(field)?.name;
  }

  /** Looks now and then, whether anyone asks or not: what a removed user has open shall end. */
  watch(): void {
    this.#timer = setInterval(() => this.look(), INTERVAL);
    Deno.unrefTimer(this.#timer as unknown as number);
  }

  /** Looks no more. */
  stop(): void {
    clearInterval(this.#timer);
  }

  /** Looks at once whether the file has changed. */
  async look(): Promise<void> {
    this.#lookedAt = performance.now();
    let text: string;
    try {
      text = await Deno.readTextFile(this.#path);
    } catch (error) {
      return this.#complain("", `Cannot read ${this.#path}: ${whyNot(error, "it is gone")}`);
    }
    try {
      if (text === this.#text) return;
      this.users.update(text);
    } catch (error) {
      return this.#complain(text, cannotUse(this.#path, error));
    }
    this.#text = text;
    this.#news.onNews("Using the changed list of users");
  }

  /** Each state of the file is told of once. */
  #complain(text: string, fault: string): void {
    if (text === this.#text) return;
    this.#text = text;
    this.#news.onFault(`${fault}; those from before stay`);
  }
}

/** The sentence of an error, which names the file that it is about. */
function cannotUse(file: string, error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace("the users", file);
}
