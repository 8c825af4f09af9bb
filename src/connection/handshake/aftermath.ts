// What the handshake sends in 1-RTT packets: its end, and what is of use for later connections.

import { HANDSHAKE_DONE, writeHandshakeDone } from "../../frame/crypto.ts";
import type { FrameOwner, FrameSink, SentFrame } from "../../frame/sent_frame.ts";
import type { CryptoStream } from "../../stream/crypto_stream.ts";
import type { TokenOffers } from "./token_offers.ts";

/** Full data packets that may leave before tickets and tokens do. */
const PATIENCE = 64;

/** HANDSHAKE_DONE, and behind everything else NEW_TOKEN frames and session tickets. */
export class Aftermath implements FrameOwner {
  readonly #tokens: TokenOffers;
  readonly #crypto: CryptoStream;
  #isDonePending = false;
  /** Packets in a row that had no room for what can wait. */
  #passedOver = 0;

  /** @param crypto The messages of TLS at 1-RTT: session tickets. */
  constructor(tokens: TokenOffers, crypto: CryptoStream) {
    this.#tokens = tokens;
    this.#crypto = crypto;
  }

  /** The handshake of a server is complete, which the client is told. */
  begin(): void {
    this.#isDonePending = true;
  }

  /** Whether 1-RTT frames wait. */
  get pending(): boolean {
    return this.#isDonePending || this.#isForLaterPending;
  }

  /** Writes HANDSHAKE_DONE, NEW_TOKEN and CRYPTO into a 1-RTT packet. */
  writeFrames(sink: FrameSink): void {
    if (this.#isDonePending && sink.room >= 1) {
      writeHandshakeDone(sink.writer);
      sink.record(this, HANDSHAKE_DONE, 0, 0);
      this.#isDonePending = false;
    }
    if (this.#passedOver > PATIENCE) this.#writeForLater(sink);
  }

  /**
   * Writes what is of use for later connections only, behind everything else: the first answers
   * need the first window for themselves.
   */
  writeForLater(sink: FrameSink): void {
    if (!this.#isForLaterPending) return;
    this.#writeForLater(sink);
    if (this.#isForLaterPending) this.#passedOver++;
  }

  #writeForLater(sink: FrameSink): void {
    // Before the session tickets: a client that stores a ticket may store the token with it.
    this.#tokens.writeFrames(sink);
    if (this.#crypto.hasPending) this.#crypto.writeFrames(sink);
    if (!this.#isForLaterPending) this.#passedOver = 0;
  }

  get #isForLaterPending(): boolean {
    return this.#tokens.pending || this.#crypto.hasPending;
  }

  onFrameAcked(_frame: SentFrame): void {}

  onFrameLost(_frame: SentFrame): void {
    // RFC 9000, Section 13.3: HANDSHAKE_DONE is repeated until it has arrived.
    this.#isDonePending = true;
  }
}
