// Opens the first packet of an unknown client.

import { TAG_LENGTH } from "../crypto/aead.ts";
import type { InitialKeys } from "../crypto/initial_keys.ts";
import { TransportError } from "../error/quic_error.ts";
import { frameRow, FrameTrait } from "../frame/frame_table.ts";
import type { Header } from "../packet/header.ts";
import { PacketOpener } from "../packet/packet_opener.ts";

/** The longest packet number. */
const NUMBER_LENGTH = 4;

/**
 * The first packet of an unknown client. Any sender can write a header. A packet that does not open
 * is noise and must cost little, so nothing is copied, and nothing but keys is made.
 */
export class FirstPacket {
  readonly #opener = new PacketOpener();
  readonly #number = new Uint8Array(NUMBER_LENGTH);
  /** Where packets are opened into; what they hold is of no interest yet. */
  #plaintext = new Uint8Array(2_048);

  /** Whether an Initial was sealed with the client's keys; the datagram stays as it is. */
  opens(header: Header, keys: InitialKeys): boolean {
    const { datagram, start, end, payloadStart } = header;
    if (end - payloadStart < NUMBER_LENGTH + TAG_LENGTH) return false;
    const first = datagram[start]!;
    // RFC 9000, Section 11.1: an invalid Initial may be dropped, because any sender can have sealed
    // it.
    const type = keys.glance().firstByte(datagram, first, payloadStart);
    const traits = frameRow(type)?.traits ?? 0;
    if ((traits & FrameTrait.InInitial) === 0) return false;
    const number = datagram.subarray(payloadStart, payloadStart + NUMBER_LENGTH);
    this.#number.set(number);
    if (end - start > this.#plaintext.length) this.#plaintext = new Uint8Array(end - start);
    try {
      return this.#opener.open(header, keys.client, 0, -1, this.#plaintext) >= 0;
    } catch (error) {
      // Authentic, and with its reserved bits set: the connection tells.
      return error instanceof TransportError;
    } finally {
      // What header protection hid is hidden again.
      datagram[start] = first;
      number.set(this.#number);
    }
  }
}
