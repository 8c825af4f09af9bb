// The authorities of clients' certificates, and what they have revoked.

import { type ClientAuthentication, RevocationLists } from "../../mod.ts";
import { Failure } from "../console/failure.ts";
import { unreadable } from "../console/unreadable.ts";
import { whyNot } from "../console/why_not.ts";
import { readAuthorities, userOf } from "./client_certificate.ts";
import { aloud, type FileNews } from "./file_news.ts";
import type { ServerOptions } from "./server_options.ts";

/** Milliseconds between two looks whether the file of lists has changed. */
const INTERVAL = 5_000;

/** The files that say which clients are known. */
export interface ClientAuthorityFiles {
  /** The authorities of clients' certificates; undefined if clients are asked for none. */
  readonly clientCa: string | undefined;
  /** The lists of what they have revoked; undefined for none. */
  readonly clientCrl: string | undefined;
}

/** Judges clients by files, of which the lists of revoked certificates are read again on change. */
export class ClientAuthority {
  /** How clients are asked; they need not show anything, as readers have no certificate. */
  readonly authentication: ClientAuthentication;
  readonly #lists: { readonly path: string; readonly revocation: RevocationLists } | undefined;
  readonly #news: FileNews;
  #text: string;
  #state: string | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  private constructor(ca: string, path: string | undefined, text: string, news: FileNews) {
    const revocation = path === undefined ? undefined : new RevocationLists([text]);
    this.authentication = { caCerts: [ca], required: false, ...(revocation && { revocation }) };
    this.#lists = revocation && { path: path!, revocation };
    this.#news = news;
    this.#text = text;
  }

  /**
   * Reads the files.
   *
   * @param news Hears of changed lists; they are told to the user if it is left out.
   * @returns Undefined if clients are asked for no certificate.
   * @throws {Failure} If one cannot be read, or not be used.
   */
  static async open(
    { clientCa, clientCrl }: ClientAuthorityFiles,
    news: FileNews = aloud,
  ): Promise<ClientAuthority | undefined> {
    if (clientCa === undefined) return undefined;
    const ca = await readAuthorities(clientCa);
    const text = clientCrl === undefined ? "" : await read(clientCrl);
    try {
      const found = new ClientAuthority(ca, clientCrl, text, news);
      found.#watch();
      return found;
    } catch (error) {
      if (error instanceof TypeError) throw new Failure(cannotUse(clientCrl!, error));
      throw error;
    }
  }

  /**
   * The user of a certificate that was good when its connection began; undefined if it has been
   * revoked since.
   *
   * @param der The certificate.
   */
  userOf(der: Uint8Array): string | undefined {
    return this.#lists?.revocation.has(der) ? undefined : userOf(der);
  }

  /** Looks at once whether the lists have changed. */
  async look(): Promise<void> {
    if (this.#lists === undefined) return;
    const { path, revocation } = this.#lists;
    try {
      const text = await Deno.readTextFile(path);
      if (text === this.#text) return;
      this.#text = text;
      revocation.replace([text]);
      this.#news.onNews("Using the changed list of revoked certificates");
    } catch (error) {
      const reason = error instanceof TypeError
        ? cannotUse(path, error)
        : `Cannot read ${path}: ${whyNot(error, "it is gone")}`;
      this.#news.onFault(`${reason}; the old list stays`);
    }
  }

  /** Looks no more. */
  stop(): void {
    clearInterval(this.#timer);
  }

  #watch(): void {
    if (this.#lists === undefined) return;
    const { path } = this.#lists;
    const look = async () => {
      const info = await Deno.stat(path).catch(() => undefined);
      const state = `${info?.mtime?.getTime()} ${info?.size}`;
      if (state === this.#state) return;
      this.#state = state;
      await this.look();
    };
    this.#timer = setInterval(look, INTERVAL);
    Deno.unrefTimer(this.#timer as unknown as number);
  }
}

/**
 * Which files those are for a server.
 *
 * @param options What the command line says; users of its proxy may show certificates as well.
 */
export function authorityFiles(options: ServerOptions): ClientAuthorityFiles {
  const { clientCa = options.proxy?.clientCa, clientCrl } = options;
  return { clientCa, clientCrl };
}

/** The option of the library for it. */
export function clientCertificatesOf(
  authority: ClientAuthority | undefined,
): { readonly clientCertificates?: ClientAuthentication } {
  return authority === undefined ? {} : { clientCertificates: authority.authentication };
}

async function read(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    throw unreadable(error, path, "--client-crl");
  }
}

/** What the library says of a list, with the name of its file. */
function cannotUse(path: string, { message }: Error): string {
  return message.replace(/the revocation list \d+/, `the revocation list ${path}`);
}
