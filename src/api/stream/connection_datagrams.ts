// The datagrams of a connection, as applications see them (RFC 9221).

import { checkBytes } from "../../bytes/bytes.ts";
import { Readiness } from "../../scheduler/readiness.ts";
import type { Path as CorePath } from "../../path/path.ts";
import type { Connection } from "../../connection/connection.ts";

/**
 * Bytes of a packet around a frame: the first byte of a short header, up to four bytes of number,
 * and the tag; the connection ID comes in addition.
 */
const PACKET_OVERHEAD = 1 + 4 + 16;

/** The datagrams of a connection as users see them (RFC 9221). */
export class ConnectionDatagrams {
  readonly #core: Connection;
  readonly #wake: () => void;
  readonly #readers: PromiseWithResolvers<Uint8Array<ArrayBuffer>>[] = [];
  readonly #writers: PromiseWithResolvers<void>[] = [];
  #error: Error | undefined;

  /** @param wake Says that there is something to send. */
  constructor(core: Connection, wake: () => void) {
    this.#core = core;
    this.#wake = wake;
  }

  /** The longest datagram that can be sent now; 0 if the peer takes none. */
  get maxSize(): number {
    return this.#maxSizeOn(this.#core.paths.paths);
  }

  #maxSizeOn(paths: readonly CorePath[]): number {
    let room = Infinity;
    for (const path of paths) {
      if (path.readiness < Readiness.Open) continue;
      const overhead = PACKET_OVERHEAD + path.slot.remote.current.length;
      room = Math.min(room, path.current.mtu.current - overhead);
    }
    return room === Infinity ? 0 : this.#core.datagrams.maxSize(room);
  }

  /** Sends a datagram as soon as there is room for it, on one path or on any. */
  async send(data: Uint8Array, path: CorePath | undefined): Promise<void> {
    checkBytes(data, "send a datagram");
    // The caller may write over the array as soon as we return.
    const copy = data.slice();
    while (this.#core.datagrams.isFull()) {
      if (this.#error) throw this.#error;
      const writer = Promise.withResolvers<void>();
      this.#writers.push(writer);
      await writer.promise;
    }
    if (this.#error) throw this.#error;
    const most = path !== undefined && path.readiness >= Readiness.Open
      ? this.#maxSizeOn([path])
      : this.maxSize;
    if (copy.length > most) {
      throw new RangeError(`Cannot send a datagram of ${copy.length} bytes: at most ${most} fit`);
    }
    this.#core.datagrams.send(copy, path);
    this.#wake();
  }

  /** Waits for a datagram. */
  read(): Promise<Uint8Array<ArrayBuffer>> {
    const data = this.#readers.length === 0 ? this.#core.datagrams.receive() : undefined;
    if (data) return Promise.resolve(data);
    if (this.#error) return Promise.reject(this.#error);
    const reader = Promise.withResolvers<Uint8Array<ArrayBuffer>>();
    this.#readers.push(reader);
    return reader.promise;
  }

  /** Takes what the core has to tell about datagrams. */
  onEvent(event: { readonly type: "datagramReceived" | "datagramsSent" }): void {
    if (event.type === "datagramsSent") {
      for (const { resolve } of this.#writers.splice(0)) resolve();
      return;
    }
    while (this.#readers.length > 0) {
      const data = this.#core.datagrams.receive();
      if (!data) return;
      this.#readers.shift()!.resolve(data);
    }
  }

  /** The connection is gone. */
  end(error: Error): void {
    this.#error = error;
    for (const { reject } of this.#readers.splice(0)) reject(error);
    for (const { reject } of this.#writers.splice(0)) reject(error);
  }
}
