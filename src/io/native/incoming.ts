// The way in: many datagrams by one call, those that came together taken apart again.

import type { Ecn } from "../../bytes/ecn.ts";
import type { Address } from "../../path/address/address.ts";
import { Errno, type Libc, type Place } from "./libc.ts";
import { Slab } from "./slab.ts";
import {
  CONTROL,
  CONTROL_LENGTH,
  CONTROL_LEVEL,
  CONTROL_TYPE,
  CONTROL_VALUE,
  IOVEC_COUNT,
  IOVEC_SIZE,
  IOVECS,
  IP,
  IP_PKTINFO,
  IP_TOS,
  IPV6,
  IPV6_PKTINFO,
  IPV6_TCLASS,
  NAME_LENGTH,
  UDP,
  UDP_GRO,
  V4_ADDRESS,
  V4_INFO_SIZE,
  V6_INFO_SIZE,
} from "./message_layout.ts";
import type { LocalPort, LocalPorts } from "./local_port.ts";
import { NAME_SIZE, type PeerTable } from "./socket_address.ts";

/** Messages by one call. */
const MESSAGE_COUNT = 8;
/** A message may be many datagrams that came together: as much as an IP packet can be. */
const MESSAGE_SIZE = 65_536;
/** Datagrams of fewer bytes are seldom many of one size. */
const SMALLEST_KEPT = 1_200;
/** Calls for one socket before others have their turn. */
const MAX_CALLS = 4;

/** `struct mmsghdr`: a `msghdr` with the flags of the message at its end, and its length. */
const HEADER_SIZE = 64;
const FLAGS = 48;
const LENGTH = 56;
/** Room for a name of 28 bytes. */
const NAME_ROOM = 32;
/** Room for the control messages that are asked for, and some that are not. */
const CONTROL_ROOM = 128;

/** `MSG_DONTWAIT`, and of the flags of a message `MSG_TRUNC` and `MSG_CTRUNC`. */
const DONT_WAIT = 0x40;
const TRUNCATED = 0x20;
const CONTROL_TRUNCATED = 8;

const IOVECS_AT = MESSAGE_COUNT * HEADER_SIZE;
const NAMES_AT = IOVECS_AT + MESSAGE_COUNT * IOVEC_SIZE;
const CONTROLS_AT = NAMES_AT + MESSAGE_COUNT * NAME_ROOM;
/** What peers send is last: only the fence of the slab lies behind it. */
const MESSAGES_AT = CONTROLS_AT + MESSAGE_COUNT * CONTROL_ROOM;
const SIZE = MESSAGES_AT + MESSAGE_COUNT * MESSAGE_SIZE;

/** Takes each datagram, and where it came to if that was asked for; says whether it wants more. */
export type OnSegment = (
  datagram: Uint8Array,
  remote: Address,
  mark: Ecn,
  local: LocalPort | undefined,
) => boolean;

/** What a call gave: something, nothing for now, or an error. */
export type Received = "some" | "none" | "failed";

/** The buffer for what comes in, shared by all sockets: what lies in it is dealt with at once. */
export class Incoming {
  readonly #libc: Libc;
  readonly #slab: Slab;
  readonly #headers: Place;
  /** The views of the segments of each message, made for one size. */
  readonly #views: Segments[];
  /** Messages whose headers the kernel has written to. */
  #used = MESSAGE_COUNT;
  #errno = 0;
  /** The control messages of the message read last. */
  #segmentSize = 0;
  #mark: Ecn = 0;
  #local: LocalPort | undefined;

  constructor(libc: Libc) {
    const slab = new Slab(libc, SIZE);
    this.#libc = libc;
    this.#slab = slab;
    this.#headers = slab.place(0, MESSAGE_COUNT * HEADER_SIZE);
    this.#views = [];
    for (let i = 0; i < MESSAGE_COUNT; i++) {
      const header = i * HEADER_SIZE;
      const iovec = IOVECS_AT + i * IOVEC_SIZE;
      const message = MESSAGES_AT + i * MESSAGE_SIZE;
      slab.putPlace(iovec, slab.place(message, MESSAGE_SIZE));
      slab.words[(iovec + 8) >>> 2] = MESSAGE_SIZE;
      slab.putPlace(header, slab.place(NAMES_AT + i * NAME_ROOM, NAME_ROOM));
      slab.putPlace(header + IOVECS, slab.place(iovec, IOVEC_SIZE));
      slab.words[(header + IOVEC_COUNT) >>> 2] = 1;
      slab.putPlace(header + CONTROL, slab.place(CONTROLS_AT + i * CONTROL_ROOM, CONTROL_ROOM));
      this.#views.push(new Segments(slab.bytes, message));
    }
  }

  /** Why the last call failed. */
  get errno(): number {
    return this.#errno;
  }

  /**
   * Takes in what a socket has, as far as it is wanted.
   *
   * @param locals The local addresses of a socket that is bound to all of them.
   */
  receive(
    descriptor: number,
    peers: PeerTable,
    onSegment: OnSegment,
    locals?: LocalPorts,
  ): Received {
    let received: Received = "none";
    for (let call = 0; call < MAX_CALLS; call++) {
      this.#prepare();
      const count = this.#libc.receiveMessages(descriptor, this.#headers, MESSAGE_COUNT, DONT_WAIT);
      if (count <= 0) {
        this.#used = 0;
        this.#errno = count < 0 ? this.#libc.errno : 0;
        const isFine = count === 0 || this.#errno === Errno.EAGAIN || this.#errno === Errno.EINTR;
        return isFine ? received : "failed";
      }
      received = "some";
      this.#used = count;
      for (let i = 0; i < count; i++) if (!this.#read(i, peers, onSegment, locals)) return received;
      if (count < MESSAGE_COUNT) return received;
    }
    return received;
  }

  /** The kernel wrote what there was into the fields that say what there is room for. */
  #prepare(): void {
    const { words } = this.#slab;
    for (let i = 0; i < this.#used; i++) {
      const header = i * HEADER_SIZE;
      words[(header + NAME_LENGTH) >>> 2] = NAME_SIZE;
      words[(header + CONTROL_LENGTH) >>> 2] = CONTROL_ROOM;
      words[(header + FLAGS) >>> 2] = 0;
    }
  }

  /** Gives away the datagrams of one message; says whether more are wanted. */
  #read(
    index: number,
    peers: PeerTable,
    onSegment: OnSegment,
    locals: LocalPorts | undefined,
  ): boolean {
    const { words } = this.#slab;
    const header = index * HEADER_SIZE;
    const flags = words[(header + FLAGS) >>> 2]!;
    const length = Math.min(words[(header + LENGTH) >>> 2]!, MESSAGE_SIZE);
    if ((flags & TRUNCATED) !== 0 || words[(header + NAME_LENGTH) >>> 2] === 0) return true;
    const control = Math.min(words[(header + CONTROL_LENGTH) >>> 2]!, CONTROL_ROOM);
    this.#readControl(
      CONTROLS_AT + index * CONTROL_ROOM,
      (flags & CONTROL_TRUNCATED) !== 0 ? 0 : control,
      locals,
    );
    const mark = this.#mark;
    const local = this.#local;
    const remote = peers.read(words, (NAMES_AT + index * NAME_ROOM) >>> 2);
    const segments = this.#views[index]!;
    const size = this.#segmentSize > 0 ? Math.min(this.#segmentSize, length) : length;
    let at = 0;
    do {
      const datagram = segments.view(at, Math.min(size, length - at), size);
      if (!onSegment(datagram, remote, mark, local)) return false;
      at += size;
    } while (at < length);
    return true;
  }

  /** Reads segment size, mark and local address; what it does not know is passed over. */
  #readControl(from: number, length: number, locals: LocalPorts | undefined): void {
    this.#segmentSize = 0;
    this.#mark = 0;
    this.#local = undefined;
    const { words, bytes } = this.#slab;
    for (let at = from; at + CONTROL_VALUE < from + length;) {
      const size = words[at >>> 2]!;
      if (size < CONTROL_VALUE || at + size > from + length) return;
      const level = words[(at + CONTROL_LEVEL) >>> 2];
      const type = words[(at + CONTROL_TYPE) >>> 2];
      if (level === UDP && type === UDP_GRO && size >= CONTROL_VALUE + 4) {
        this.#segmentSize = words[(at + CONTROL_VALUE) >>> 2]!;
      } else if (level === IP && type === IP_TOS || level === IPV6 && type === IPV6_TCLASS) {
        this.#mark = (bytes[at + CONTROL_VALUE]! & 3) as Ecn;
      } else if (locals !== undefined) {
        if (level === IP && type === IP_PKTINFO && size >= CONTROL_VALUE + V4_INFO_SIZE) {
          this.#local = locals.at4(words, (at + CONTROL_VALUE + V4_ADDRESS) >>> 2);
        } else if (
          level === IPV6 && type === IPV6_PKTINFO && size >= CONTROL_VALUE + V6_INFO_SIZE
        ) {
          this.#local = locals.at6(words, (at + CONTROL_VALUE) >>> 2);
        }
      }
      at += (size + 7) & ~7;
    }
  }
}

/** Views of datagrams that lie behind each other, kept for the next ones of the same size. */
class Segments {
  readonly #bytes: Uint8Array;
  readonly #from: number;
  #size = 0;
  #views: Uint8Array[] = [];

  constructor(bytes: Uint8Array, from: number) {
    this.#bytes = bytes;
    this.#from = from;
  }

  /**
   * The datagram at an offset.
   *
   * @param step What all datagrams of the message have but for the last.
   */
  view(at: number, size: number, step: number): Uint8Array {
    const from = this.#from + at;
    // Single datagrams have many sizes.
    if (size !== step || size < SMALLEST_KEPT) return this.#bytes.subarray(from, from + size);
    if (step !== this.#size) {
      this.#size = step;
      this.#views = [];
    }
    const index = at / step;
    return this.#views[index] ??= this.#bytes.subarray(from, from + size);
  }
}
