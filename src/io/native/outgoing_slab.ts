// Datagrams on their way out: slots of one size, and what tells the kernel about runs of them.

import type { Ecn } from "../../bytes/ecn.ts";
import type { Address } from "../../path/address/address.ts";
import type { Libc, Place } from "./libc.ts";
import { Slab } from "./slab.ts";
import type { LocalPort } from "./local_port.ts";
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
  IP_TOS,
  IPV6,
  IPV6_TCLASS,
  NAME_LENGTH,
  UDP,
} from "./message_layout.ts";
import { Family, NAME_SIZE } from "./socket_address.ts";
import { MAX_SOURCE_SIZE, SOURCE_SIZES } from "./source.ts";

/** Bytes of a slot; datagrams that Ethernet carries have at most 1,452. */
const SLOT_SIZE = 2_048;
/** The longest of these fill the largest run, `MAX_RUN_BYTES`, with so many. */
export const SLOT_COUNT = 45;
/** Slots that lie side by side for a jumbo datagram; seven of these fill the largest run. */
const LARGE_SLOTS = 6;
/** Bytes of their buffer, for datagrams of at most 8,952. */
const LARGE_SIZE = 9_216;
/** What one call can carry: an IPv4 packet of 65,535 bytes with its headers. */
export const MAX_RUN_BYTES = 65_507;

/** `struct msghdr`, and `CMSG_SPACE` of a number. */
const HEADER_SIZE = 56;
const CONTROL_SIZE = 24;
/** `CMSG_LEN` of an `int`, and of a `uint16_t`. */
const LENGTH_OF_INT = 20;
const LENGTH_OF_SHORT = 18;

/** `UDP_SEGMENT`, of `SOL_UDP`. */
const UDP_SEGMENT = 103;

/** `MSG_NOSIGNAL | MSG_DONTWAIT`. */
const FLAGS = 0x4040;

/** Behind the last slot is room for the rest of a jumbo datagram that begins in it. */
const IOVECS_AT = (SLOT_COUNT + LARGE_SLOTS - 1) * SLOT_SIZE;
const HEADER_AT = IOVECS_AT + SLOT_COUNT * IOVEC_SIZE;
const NAME_AT = HEADER_AT + HEADER_SIZE;
/**
 * The mark; before it the source, if it is not the address that the socket is bound to, and behind it
 * the size of segments, which single datagrams go without.
 */
const MARK_AT = NAME_AT + NAME_SIZE + 4 + MAX_SOURCE_SIZE;
const SEGMENT_AT = MARK_AT + CONTROL_SIZE;
const SIZE = SEGMENT_AT + CONTROL_SIZE;

/** How many slots a datagram takes. */
export function slotsOf(size: number): number {
  return size <= SLOT_SIZE ? 1 : LARGE_SLOTS;
}

/** Slots for datagrams, filled in order and sent in runs. Sockets with something to send borrow one. */
export class OutgoingSlab {
  /** The slots, and what a jumbo datagram takes from each of them on. */
  readonly buffers: readonly Uint8Array[];
  readonly #largeBuffers: readonly Uint8Array[];
  readonly #slab: Slab;
  readonly #header: Place;
  readonly #iovecs: readonly Place[];
  readonly #places: readonly Place[];
  readonly #sizes = new Uint16Array(SLOT_COUNT);
  readonly #marks = new Uint8Array(SLOT_COUNT);
  readonly #remotes: (Address | undefined)[] = new Array(SLOT_COUNT).fill(undefined);
  readonly #destinations: (Uint8Array | undefined)[] = new Array(SLOT_COUNT).fill(undefined);
  readonly #origins: (LocalPort | undefined)[] = new Array(SLOT_COUNT).fill(undefined);
  /** Where the control messages begin, by the size of the source. */
  readonly #controls: ReadonlyMap<number, Place>;
  /** The first datagram that is not sent, and how many there are. */
  #first = 0;
  #end = 0;
  /** The first slot that is free. */
  #free = 0;

  constructor(libc: Libc) {
    const slab = new Slab(libc, SIZE);
    this.#slab = slab;
    const slots = Array.from({ length: SLOT_COUNT }, (_, i) => i);
    this.buffers = slots.map((i) => slab.bytes.subarray(i * SLOT_SIZE, (i + 1) * SLOT_SIZE));
    this.#largeBuffers = slots.map((i) =>
      slab.bytes.subarray(i * SLOT_SIZE, i * SLOT_SIZE + LARGE_SIZE)
    );
    this.#places = slots.map((i) => slab.place(i * SLOT_SIZE, SLOT_SIZE));
    this.#iovecs = slots.map((i) => slab.place(IOVECS_AT + i * IOVEC_SIZE, IOVEC_SIZE));
    this.#header = slab.place(HEADER_AT, HEADER_SIZE);
    slab.putPlace(HEADER_AT, slab.place(NAME_AT, NAME_SIZE));
    this.#controls = new Map(
      [0, ...SOURCE_SIZES].map((
        size,
      ) => [size, slab.place(MARK_AT - size, size + 2 * CONTROL_SIZE)]),
    );
    const { words } = slab;
    words[MARK_AT >>> 2] = LENGTH_OF_INT;
    words[SEGMENT_AT >>> 2] = LENGTH_OF_SHORT;
    words[(SEGMENT_AT + CONTROL_LEVEL) >>> 2] = UDP;
    words[(SEGMENT_AT + CONTROL_TYPE) >>> 2] = UDP_SEGMENT;
  }

  /** The slot to be filled next; undefined if all are full. */
  get buffer(): Uint8Array | undefined {
    return this.buffers[this.#free];
  }

  /** The same with more slots behind it: what has room for a datagram has room for a jumbo one. */
  get largeBuffer(): Uint8Array | undefined {
    return this.#largeBuffers[this.#free];
  }

  /** Whether there is no room for another datagram as long as the last one. */
  get isFull(): boolean {
    return this.#free + slotsOf(this.#sizes[this.#end - 1] ?? 0) > SLOT_COUNT;
  }

  /** Whether nothing waits. */
  get isEmpty(): boolean {
    return this.#first === this.#end;
  }

  /** Where the first datagram that waits is to go. */
  get remote(): Address | undefined {
    return this.#remotes[this.#first];
  }

  /** The next slot holds a datagram of so many bytes. */
  add(
    size: number,
    to: Address,
    mark: Ecn,
    destination: Uint8Array | undefined,
    from?: LocalPort,
  ): void {
    if (size > LARGE_SIZE || this.#free >= SLOT_COUNT) {
      throw new RangeError(`Cannot send ${size} bytes: the slots have less room`);
    }
    const index = this.#end++;
    this.#sizes[index] = size;
    this.#marks[index] = mark;
    this.#remotes[index] = to;
    this.#destinations[index] = destination;
    this.#origins[index] = from;
    const iovec = IOVECS_AT + index * IOVEC_SIZE;
    this.#slab.putPlace(iovec, this.#places[this.#free]!);
    this.#slab.words[(iovec + 8) >>> 2] = size;
    this.#free += slotsOf(size);
  }

  /**
   * How many datagrams, from the first that waits on, can leave by one call: to one connection ID at
   * one address, from one source, with one mark, and of one size, but that the last may be shorter.
   */
  runLength(): number {
    const first = this.#first;
    const size = this.#sizes[first]!;
    const destination = this.#destinations[first];
    if (destination === undefined || size === 0) return 1;
    let bytes = size;
    let next = first + 1;
    for (; next < this.#end; next++) {
      const more = this.#sizes[next]!;
      bytes += more;
      if (
        more > size || more === 0 || bytes > MAX_RUN_BYTES ||
        this.#destinations[next] !== destination ||
        this.#remotes[next] !== this.#remotes[first] || this.#marks[next] !== this.#marks[first] ||
        this.#origins[next] !== this.#origins[first]
      ) break;
      if (more < size) return next + 1 - first;
    }
    return next - first;
  }

  /**
   * Sends so many of the datagrams that wait, by one call.
   *
   * @param name Where to, as the system writes it.
   * @param family Whose kind of mark the system looks at: that of the address, not of the socket.
   * @returns 0, or the error.
   */
  send(libc: Libc, descriptor: number, count: number, name: Uint8Array, family: Family): number {
    const first = this.#first;
    const { words, bytes } = this.#slab;
    bytes.set(name, NAME_AT);
    words[(HEADER_AT + NAME_LENGTH) >>> 2] = name.length;
    this.#slab.putPlace(HEADER_AT + IOVECS, this.#iovecs[first]!);
    words[(HEADER_AT + IOVEC_COUNT) >>> 2] = count;
    words[(MARK_AT + CONTROL_LEVEL) >>> 2] = family === Family.V4 ? IP : IPV6;
    words[(MARK_AT + CONTROL_TYPE) >>> 2] = family === Family.V4 ? IP_TOS : IPV6_TCLASS;
    words[(MARK_AT + CONTROL_VALUE) >>> 2] = this.#marks[first]!;
    words[(SEGMENT_AT + CONTROL_VALUE) >>> 2] = this.#sizes[first]!;
    const source = this.#origins[first]?.source.message;
    const before = source === undefined ? 0 : source.length;
    if (source !== undefined) bytes.set(source, MARK_AT - before);
    this.#slab.putPlace(HEADER_AT + CONTROL, this.#controls.get(before)!);
    words[(HEADER_AT + CONTROL_LENGTH) >>> 2] = before +
      (count > 1 ? 2 * CONTROL_SIZE : CONTROL_SIZE);
    const sent = libc.sendMessage(descriptor, this.#header, FLAGS);
    return sent >= 0 ? 0 : libc.errno;
  }

  /** The port that the first datagram that waits leaves from, if the socket has several. */
  get origin(): LocalPort | undefined {
    return this.#origins[this.#first];
  }

  /** So many of the datagrams that wait are done with. */
  drop(count: number): void {
    this.#first += count;
    if (this.#first < this.#end) return;
    this.#first = this.#end = this.#free = 0;
    this.#remotes.fill(undefined);
    this.#destinations.fill(undefined);
    this.#origins.fill(undefined);
  }
}
