// What a server hands out and takes back: address tokens and session tickets.

import type { CryptoEngine } from "../crypto/aead.ts";
import type { Random } from "../crypto/random.ts";
import { TokenBox } from "../crypto/token_box.ts";
import type { ServerTlsOptions, TicketOptions } from "../tls/tls.ts";
import { EarlyDataGuard } from "./early_data_guard.ts";
import type { ServerConfig } from "./options.ts";

/** Milliseconds for which a key seals; what it sealed can be opened for as long again. */
const ROTATION = 86_400_000;
/** Bytes of the name of a server in its tickets: long enough to be unique by chance. */
const ISSUER_LENGTH = 16;

/** What a server hands out and takes back: address tokens and session tickets. */
export class Resumption {
  /** Seals address tokens. */
  readonly tokens: TokenBox;
  readonly tickets: TicketOptions | undefined;
  readonly #boxes: TokenBox[] = [];
  #rotateAt = -Infinity;

  constructor(server: ServerConfig, engine: CryptoEngine, random: Random) {
    const { ticketKey } = server;
    this.tokens = new TokenBox(engine, random);
    this.#boxes.push(this.tokens);
    if (server.tls.tickets !== undefined || server.resumption === false) {
      this.tickets = server.tls.tickets;
      return;
    }
    const box = new TokenBox(engine, random, ticketKey);
    if (ticketKey === undefined) this.#boxes.push(box);
    // Drawn at each start: a process before this one may have read 0-RTT data, which this one does
    // not know.
    const issuer = random.bytes(ISSUER_LENGTH);
    this.tickets = { box, issuer, ...(server.earlyData === true ? acceptEarlyData(server) : {}) };
  }

  /** What servers of the endpoint tell TLS. */
  tlsOptions(options: ServerTlsOptions): ServerTlsOptions {
    return { ...options, tickets: this.tickets };
  }

  /** Changes keys from time to time. */
  tick(now: number): void {
    if (now < this.#rotateAt) return;
    if (this.#rotateAt > -Infinity) { for (const box of this.#boxes) box.rotate(); }
    this.#rotateAt = now + ROTATION;
  }
}

function acceptEarlyData(server: ServerConfig): Pick<TicketOptions, "acceptEarlyData"> {
  let guard: EarlyDataGuard | undefined;
  return {
    acceptEarlyData(offer, now) {
      guard ??= new EarlyDataGuard(server.transport);
      return guard.accepts(offer, now);
    },
  };
}
