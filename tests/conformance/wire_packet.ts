import type { Address } from "../../src/path/address/address.ts";
import type { Call } from "../frame/recorder.ts";

/** One QUIC packet as an observer on the wire sees it that has the keys. */
export interface WirePacket {
  readonly time: number;
  readonly side: "client" | "server";
  readonly from: Address;
  readonly to: Address;
  /** A `PacketType`. */
  readonly type: number;
  /** 0 for short headers. */
  readonly version: number;
  readonly destinationId: string;
  readonly sourceId: string;
  /** Of an Initial or a Retry, in hexadecimal. */
  readonly token: string;
  /** The bytes of the datagram that it is in. */
  readonly datagramSize: number;
  /** The rest is good only if it could be opened. */
  readonly isOpen: boolean;
  readonly number: number;
  readonly keyPhase: number;
  /** Bytes of frames. */
  readonly size: number;
  readonly frames: readonly Call[];
}

/** A TLS handshake message as it was put together from CRYPTO frames. */
export interface WireMessage {
  readonly type: number;
  readonly body: Uint8Array;
}

/** Puts a stream of CRYPTO frames together, in any order and with repetitions. */
export class CryptoText {
  readonly #known: boolean[] = [];
  readonly #bytes: number[] = [];
  /** The bytes that were sent, repetitions not counted. */
  size = 0;

  add(offset: number, data: readonly number[]): void {
    data.forEach((byte, i) => {
      if (this.#known[offset + i]) return;
      this.#known[offset + i] = true;
      this.#bytes[offset + i] = byte;
      this.size++;
    });
  }

  /** The messages that are complete and without a gap before them. */
  get messages(): WireMessage[] {
    const gap = this.#known.findIndex((known) => !known);
    const bytes = Uint8Array.from(this.#bytes.slice(0, gap < 0 ? undefined : gap));
    const messages: WireMessage[] = [];
    for (let at = 0; at + 4 <= bytes.length;) {
      const end = at + 4 + (bytes[at + 1]! << 16 | bytes[at + 2]! << 8 | bytes[at + 3]!);
      if (end > bytes.length) break;
      messages.push({ type: bytes[at]!, body: bytes.subarray(at + 4, end) });
      at = end;
    }
    return messages;
  }
}

/** The cipher suites that a ClientHello offers. */
export function offeredSuites({ body }: WireMessage): number[] {
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  const at = 35 + body[34]!;
  const count = view.getUint16(at) / 2;
  return Array.from({ length: count }, (_, i) => view.getUint16(at + 2 + 2 * i));
}

/** An extension of the EncryptedExtensions. */
export function encryptedExtension({ body }: WireMessage, wanted: number): Uint8Array | undefined {
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  for (let at = 2; at + 4 <= body.length;) {
    const length = view.getUint16(at + 2);
    if (view.getUint16(at) === wanted) return body.subarray(at + 4, at + 4 + length);
    at += 4 + length;
  }
  return undefined;
}
