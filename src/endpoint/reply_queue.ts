// Datagrams that no connection sends, on their way out.

import type { Writer } from "../bytes/writer.ts";
import type { Address } from "../path/address/address.ts";
import type { Port } from "../path/address/port.ts";
import { MAX_REPLIES_WAITING } from "../limits/limits.ts";

/** A datagram that no connection sends. */
export interface Reply {
  readonly port: Port;
  readonly remote: Address;
  readonly bytes: Uint8Array;
}

/** Version Negotiation, Retry, refusals and stateless resets on their way out. */
export class ReplyQueue {
  readonly #replies: Reply[] = [];

  /** Queues what the writer holds, unless too much waits already. */
  add(port: Port, remote: Address, writer: Writer): void {
    if (this.#replies.length >= MAX_REPLIES_WAITING) return;
    this.#replies.push({ port, remote, bytes: writer.written().slice() });
  }

  /** A port is gone: what waits for it would keep others out. */
  forget(port: Port): void {
    for (let i = this.#replies.length - 1; i >= 0; i--) {
      if (this.#replies[i]!.port === port) this.#replies.splice(i, 1);
    }
  }

  /** A reply whose port is free, copied into the port's buffer. */
  take(): Reply | undefined {
    for (let i = 0; i < this.#replies.length; i++) {
      const reply = this.#replies[i]!;
      const { buffer } = reply.port;
      if (buffer === undefined) continue;
      buffer.set(reply.bytes);
      this.#replies.splice(i, 1);
      return reply;
    }
    return undefined;
  }
}
