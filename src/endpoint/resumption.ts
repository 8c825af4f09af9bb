// What a server hands out and takes back: address tokens and session tickets.

import type { CryptoEngine } from "../crypto/aead.ts";
import type { Random } from "../crypto/random.ts";
import type { ServiceSecret } from "../crypto/service_secret.ts";
import { TokenBox } from "../crypto/token_box.ts";
import type { ServerTlsOptions, TicketOptions } from "../tls/tls.ts";
import type { WallClock } from "../tls/code/wall_clock.ts";
import { EarlyDataGuard } from "./early_data_guard.ts";
import type { ServerConfig } from "./options.ts";
import { ReplayMemory } from "./replay_memory.ts";

/** Milliseconds for which a key seals; what it sealed can be opened for as long again. */
const DAY = 86_400_000;

/** What the keys of a server are made by. */
export interface ResumptionContext {
  readonly engine: CryptoEngine;
  readonly random: Random;
  readonly wallTime: WallClock;
}

/** What a server hands out and takes back: address tokens and session tickets. */
export class Resumption {
  /** Seals address tokens. */
  readonly tokens: TokenBox;
  readonly tickets: TicketOptions | undefined;
  readonly #wallTime: WallClock;
  /** Gives a box the keys of a day and of the day before. */
  readonly #renewals: ((day: number) => void)[] = [];
  /** The name of the memory, which may be made later. */
  readonly #name: Uint8Array;
  #memory: ReplayMemory | undefined;
  #day: number | undefined;

  constructor(server: ServerConfig, { engine, random, wallTime }: ResumptionContext) {
    const { replayMemory, secret, ticketKey } = server;
    this.#wallTime = wallTime;
    this.tokens = new TokenBox(engine, random);
    this.#renew(this.tokens, "token", secret);
    const isOurs = server.tls.tickets === undefined && server.resumption !== false;
    const box = isOurs ? new TokenBox(engine, random, ticketKey) : undefined;
    this.#memory = replayMemory;
    // Drawn at each start: a process before this one may have read 0-RTT data, which this one does
    // not know.
    this.#name = replayMemory?.name ?? ReplayMemory.newName(random);
    if (box === undefined) {
      this.tickets = server.tls.tickets;
      return;
    }
    if (ticketKey === undefined) this.#renew(box, "ticket", secret);
    const early = server.earlyData === true ? this.#acceptEarlyData(server) : {};
    this.tickets = { box, issuer: this.#name, ...early };
  }

  /** What was shown already. It takes memory, and most servers remember nothing. */
  get memory(): ReplayMemory {
    return this.#memory ??= ReplayMemory.create(this.#name);
  }

  /** What servers of the endpoint tell TLS. */
  tlsOptions(options: ServerTlsOptions): ServerTlsOptions {
    return { ...options, tickets: this.tickets };
  }

  /**
   * Changes keys with the day. The wall clock tells it, so that servers with one secret change at
   * once, and a process that begins opens what the one before has sealed.
   */
  tick(now: number): void {
    const day = Math.floor(this.#wallTime(now) / DAY);
    if (day === this.#day) return;
    for (const renew of this.#renewals) renew(day);
    this.#day = day;
  }

  #renew(box: TokenBox, purpose: string, secret: ServiceSecret | undefined): void {
    this.#renewals.push((day) => {
      if (secret !== undefined) box.use(secret.key(purpose, day), secret.key(purpose, day - 1));
      else if (this.#day !== undefined) box.rotate();
    });
  }

  #acceptEarlyData({ transport }: ServerConfig): Pick<TicketOptions, "acceptEarlyData"> {
    let guard: EarlyDataGuard | undefined;
    return {
      acceptEarlyData: (offer, now) => {
        guard ??= new EarlyDataGuard(transport, this.memory.earlyData);
        return guard.accepts(offer, this.#wallTime(now));
      },
    };
  }
}
