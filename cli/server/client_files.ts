// The files by which a thread of the server knows its clients.

import { authorityFiles, ClientAuthority, clientCertificatesOf } from "./client_authority.ts";
import { FarSide } from "./far_side.ts";
import { aloud, type FileNews } from "./file_news.ts";
import type { OwnOptions } from "./library_options.ts";
import type { ServerOptions } from "./server_options.ts";

/** The authorities of clients' certificates and the users of the proxy, where the server has any. */
export class ClientFiles {
  /** Undefined if clients are asked for no certificates. */
  readonly authority: ClientAuthority | undefined;
  /** Undefined if the server is no proxy. */
  readonly farSide: FarSide | undefined;

  private constructor(authority: ClientAuthority | undefined, farSide: FarSide | undefined) {
    this.authority = authority;
    this.farSide = farSide;
  }

  /**
   * Reads the files.
   *
   * @param options What the command line says.
   * @param news Hears of changes; the user of the program is told if it is left out.
   * @throws {Failure} If one cannot be read, or not be used.
   */
  static async open(options: ServerOptions, news: FileNews = aloud): Promise<ClientFiles> {
    const authority = await ClientAuthority.open(authorityFiles(options), news);
    const farSide = options.proxy && await FarSide.open(options.proxy, authority, news);
    return new ClientFiles(authority, farSide);
  }

  /** What the library is told of them. */
  get options(): OwnOptions {
    return { ...this.farSide?.handlers, ...clientCertificatesOf(this.authority) };
  }

  /** Looks at once whether the lists of revoked certificates have changed. */
  look(): void {
    this.authority?.look();
  }

  /** Looks no more. */
  stop(): void {
    this.authority?.stop();
    this.farSide?.stop();
  }
}
