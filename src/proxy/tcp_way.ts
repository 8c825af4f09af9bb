// The way to a proxy over TCP, for networks that let no UDP through.

import { connectOptionsOf } from "./tunnel_trust.ts";
import { H2Client } from "../http2/h2_client.ts";
import type { H3Client } from "../http3/client/client.ts";
import { race } from "./race.ts";
import type { TunnelOptions, TunnelTransport } from "./tunnel_options.ts";

/** Milliseconds between two looks whether UDP works again. */
const PROBE_INTERVAL = 30_000;
/** Milliseconds to connect over TCP. */
const CONNECT_TIMEOUT = 10_000;

/** One proxy over TCP, and whether it is reached over UDP. */
export class TcpWay {
  /** Whether tunnels go over TCP for now. */
  isInUse = false;
  /** The connection of QUIC that has fallen silent; undefined if there was none. */
  silent: H3Client | undefined;
  readonly #url: URL;
  readonly #options: TunnelOptions;
  #client: Promise<H2Client> | undefined;
  #probedAt = -Infinity;

  constructor(url: URL, options: TunnelOptions) {
    this.#url = url;
    this.#options = options;
  }

  /** The connection: the one that is there, or a new one. */
  async client(): Promise<H2Client> {
    const known = this.#client;
    if (known !== undefined && (await known.catch(() => undefined))?.isOpen) return await known;
    if (this.#client === known) this.#client = this.#connect();
    return await this.#client!;
  }

  /**
   * Tunnels go over TCP from now on.
   *
   * @param silent A connection of QUIC over which nothing comes.
   */
  use(silent?: H3Client): void {
    this.silent = silent;
    if (this.isInUse) return;
    this.isInUse = true;
    this.#probedAt = performance.now();
    this.#tell("tcp");
  }

  /** Tunnels go over QUIC again. */
  leave(): void {
    if (!this.isInUse) return;
    this.isInUse = false;
    this.#tell("quic");
  }

  #tell(transport: TunnelTransport): void {
    try {
      this.#options.onTransport?.(transport);
    } catch {
      // A page that is gone, say: tunnels go on whether or not the application can hear of them.
    }
  }

  /** Whether it is time to look whether UDP works again; asked for once, it is not for a while. */
  takeProbe(): boolean {
    const now = performance.now();
    const { probeInterval = PROBE_INTERVAL } = this.#options;
    if (now - this.#probedAt < probeInterval) return false;
    this.#probedAt = now;
    return true;
  }

  /** From any of the local addresses that are wanted; the system chooses if none is. */
  #connect(): Promise<H2Client> {
    const { addresses, ...options } = connectOptionsOf(this.#options);
    const late = AbortSignal.timeout(CONNECT_TIMEOUT);
    const attempt = (localAddress: string | undefined, signal: AbortSignal) =>
      H2Client.connect(this.#url, { ...options, localAddress }, AbortSignal.any([signal, late]));
    if (addresses.length === 0) return attempt(undefined, late);
    return race(addresses, attempt, (client) => client.close(), late);
  }
}
