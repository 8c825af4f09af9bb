// The far side of the proxy, whose users are in a file.

import { type ProxyHandlers, proxyHandlers } from "../../mod.ts";
import { Failure } from "../console/failure.ts";
import type { FarSideChoices } from "../flags/proxy_flags.ts";
import type { ClientAuthority } from "./client_authority.ts";
import { aloud, type FileNews } from "./file_news.ts";
import { UserFile } from "./user_file.ts";

/** The far side of the proxy. */
export class FarSide {
  /** What `serve` takes. */
  readonly handlers: ProxyHandlers;
  readonly #file: UserFile;

  private constructor(file: UserFile, handlers: ProxyHandlers) {
    this.#file = file;
    this.handlers = handlers;
    file.watch();
  }

  /**
   * Reads the file.
   *
   * @param choices What the user chose.
   * @param authority Knows the users of certificates, if clients are asked for any.
   * @param news Hears of a changed list; the user is told if it is left out.
   */
  static async open(
    choices: FarSideChoices,
    authority: ClientAuthority | undefined,
    news: FileNews = aloud,
  ): Promise<FarSide> {
    const file = await UserFile.open(choices.users, "users", news);
    const { users } = file;
    const certificateUser = (der: Uint8Array) => authority!.userOf(der);
    const known = authority === undefined ? {} : { certificateUser };
    try {
      const handlers = proxyHandlers({ ...choices.destinations, ...known, users });
      return new FarSide(file, handlers);
    } catch (error) {
      throw new Failure(error instanceof Error ? error.message : String(error));
    }
  }

  /** Looks at the file no more. */
  stop(): void {
    this.#file.stop();
  }
}
