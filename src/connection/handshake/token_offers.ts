// The address tokens that a server offers for later connections.

import { NEW_TOKEN, writeNewToken } from "../../frame/crypto.ts";
import type { FrameOwner, FrameSink, SentFrame } from "../../frame/sent_frame.ts";
import type { Address } from "../../path/address/address.ts";
import type { NetworkPath } from "../../path/network/network_path.ts";

/** Makes a token that proves any of some addresses in a later connection. */
export type AddressTokenMaker = (remotes: readonly Address[], now: number) => Uint8Array;

/** Hosts that one connection gets tokens for; a client that moves on and on needs no more. */
const MAX_HOSTS = 8;

/**
 * A server's NEW_TOKEN frames: one for each host more that a client has proven to be at, and each
 * good for all hosts so far (MPQUIC, Section 3.1.2), so that the client's last token is its best.
 */
export class TokenOffers implements FrameOwner {
  #remotes: readonly Address[] = [];
  #token: Uint8Array | undefined;
  /** How many tokens were made. */
  #count = 0;
  #isPending = false;
  readonly #make: AddressTokenMaker | undefined;

  /** @param make Only for servers: clients offer none. */
  constructor(make: AddressTokenMaker | undefined) {
    this.#make = make;
  }

  /** Whether a frame waits. */
  get pending(): boolean {
    return this.#isPending;
  }

  /** Offers a token if a 4-tuple with a new host is proven (RFC 9000, Section 8.1.3). */
  offer(network: NetworkPath, now: number): void {
    const { remote } = network;
    if (this.#make === undefined || !network.validated || this.#remotes.length >= MAX_HOSTS) return;
    for (const { hostname } of this.#remotes) if (hostname === remote.hostname) return;
    this.#remotes = this.#remotes.concat(remote);
    this.#token = this.#make(this.#remotes, now);
    this.#count++;
    this.#isPending = true;
  }

  /** Writes the newest token, if it is due and fits. */
  writeFrames(sink: FrameSink): void {
    if (!this.#isPending || sink.room < this.#token!.length + 5) return;
    writeNewToken(sink.writer, this.#token!);
    sink.record(this, NEW_TOKEN, this.#count, 0);
    this.#isPending = false;
  }

  onFrameAcked(frame: SentFrame): void {
    if (frame.start === this.#count && !this.#isPending) this.#token = undefined;
  }

  onFrameLost(frame: SentFrame): void {
    if (frame.start === this.#count && this.#token !== undefined) this.#isPending = true;
  }
}
