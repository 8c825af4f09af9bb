// The DATAGRAM frames that wait, in both directions (RFC 9221).

import { giveBack } from "../bytes/bytes.ts";
import { DATAGRAM, datagramSize, writeDatagram } from "../frame/datagram.ts";
import type { FrameOwner, FrameSink, SentFrame } from "../frame/sent_frame.ts";
import {
  MAX_DATAGRAM_BYTES_IN_PACKET,
  MAX_DATAGRAM_BYTES_WAITING,
  MAX_DATAGRAMS_WAITING,
} from "../limits/limits.ts";
import { DuplicateDatagrams } from "./duplicate_datagrams.ts";
import type { Path } from "../path/path.ts";
import { BufferMemory } from "../stream/buffer_memory.ts";
import { bindingOf } from "../path/address/binding.ts";

/** A datagram that waits. */
interface Outgoing {
  readonly data: Uint8Array;
  readonly bound: Path | undefined;
}

/** Takes the event that there is room again, for callers that were refused. */
export interface DatagramEvents {
  push(event: { readonly type: "datagramsSent" }): unknown;
}

/** What of the configuration of a connection concerns datagrams. */
interface DatagramConfig {
  /** Whether those are dropped that have come by another path before. */
  readonly dropDuplicateDatagrams?: boolean | undefined;
}

/** DATAGRAM frames on their way out and in (RFC 9221). */
export class DatagramQueue implements FrameOwner {
  /** Datagrams that came and were not read in time. */
  dropped = 0;
  /** Datagrams whose packets were declared lost. */
  lost = 0;
  /** Whether any datagram was ever bound to a path. */
  hasBound = false;
  readonly #events: DatagramEvents;
  readonly #memory: BufferMemory;
  readonly #duplicates: DuplicateDatagrams | undefined;
  /** The largest frame the peer takes, 0 for none. */
  #peerLimit = 0;
  #isWanted = false;
  readonly #outgoing: Outgoing[] = [];
  /** What the packet carries that is written now, or was written last. */
  readonly #written: Outgoing[] = [];
  readonly #incoming: Uint8Array<ArrayBuffer>[] = [];
  #bytesIncoming = 0;

  /**
   * Makes an empty queue.
   *
   * @param memory Where the connection counts what is allocated.
   * @param config The connection's.
   */
  constructor(
    events: DatagramEvents,
    memory: BufferMemory = new BufferMemory(),
    { dropDuplicateDatagrams = false }: DatagramConfig = {},
  ) {
    this.#events = events;
    this.#memory = memory;
    this.#duplicates = dropDuplicateDatagrams ? new DuplicateDatagrams() : undefined;
  }

  /** The largest frame the peer takes, 0 for none. */
  get peerLimit(): number {
    return this.#peerLimit;
  }

  /** The peer takes frames of so many bytes, 0 for none. */
  limit(bytes: number): void {
    this.#peerLimit = bytes;
  }

  /** Bytes that came and were not read yet. */
  get bytesWaiting(): number {
    return this.#bytesIncoming;
  }

  /** Whether datagrams wait to be sent. */
  get pending(): boolean {
    return this.#outgoing.length > 0;
  }

  /** Whether no more can be queued for now; then a "datagramsSent" event follows. */
  isFull(): boolean {
    if (this.#outgoing.length < MAX_DATAGRAMS_WAITING) return false;
    this.#isWanted = true;
    return true;
  }

  /** The longest datagram that fits into a packet with `room` for frames. */
  maxSize(room: number): number {
    const frame = Math.min(this.#peerLimit, room);
    let size = Math.max(0, frame - 3);
    while (size > 0 && datagramSize(size) > frame) size--;
    return size;
  }

  /**
   * Queues a datagram that is known to fit; the array is kept.
   *
   * @param bound The path it is to leave on; any if left out.
   */
  send(data: Uint8Array, bound?: Path): void {
    if (bound !== undefined) this.hasBound = true;
    this.#outgoing.push({ data, bound });
  }

  /** Whether datagrams wait that are bound to a path, or with `undefined` to none. */
  waitsFor(path: Path | undefined): boolean {
    return this.#outgoing.some(({ bound }) => bindingOf(bound) === path);
  }

  /**
   * A datagram arrived; those that are not read in time go, the oldest first.
   *
   * @returns Whether one more waits: it may take the place of another, or be a copy of one that came
   * before and was dropped.
   */
  onDatagram(data: Uint8Array, pathId = 0): boolean {
    if (this.#duplicates?.isFirst(data, pathId) === false) return false;
    const before = this.#incoming.length;
    while (this.#isFullWith(data.length)) {
      giveBack(this.receive()!);
      this.dropped++;
    }
    this.#incoming.push(data.slice() as Uint8Array<ArrayBuffer>);
    this.#bytesIncoming += data.length;
    this.#memory.add(data.length);
    return this.#incoming.length > before;
  }

  /** The oldest datagram not read yet. */
  receive(): Uint8Array<ArrayBuffer> | undefined {
    const data = this.#incoming.shift();
    if (data === undefined) return undefined;
    this.#bytesIncoming -= data.length;
    this.#memory.add(-data.length);
    return data;
  }

  #isFullWith(length: number): boolean {
    if (this.#incoming.length === 0) return false;
    return this.#incoming.length >= MAX_DATAGRAMS_WAITING ||
      this.#bytesIncoming + length > MAX_DATAGRAM_BYTES_WAITING;
  }

  /**
   * Writes as many as fit, but into a jumbo packet no more than into others. One that fits into no
   * packet of this path any more is dropped, and so is one that the peer does not take, after it has
   * rejected 0-RTT data (RFC 9221, Section 3).
   *
   * @param held Bytes of frames, the oldest of those that are bound to no path, that stay.
   */
  writeFrames(sink: FrameSink, wholePacket: number, path: Path, held = 0): void {
    const limit = Math.min(wholePacket, this.#peerLimit);
    if (this.#written.length > 0) this.#written.length = 0;
    let at = 0;
    let written = 0;
    while (at < this.#outgoing.length) {
      const { data, bound } = this.#outgoing[at]!;
      const size = datagramSize(data.length);
      const binding = bindingOf(bound);
      const stays = binding === undefined ? held > 0 : binding !== path;
      if (stays) {
        if (binding === undefined) held -= size;
        at++;
        continue;
      }
      if (size > sink.room && size <= limit) break;
      if (written > 0 && written + size > MAX_DATAGRAM_BYTES_IN_PACKET) break;
      const [outgoing] = this.#outgoing.splice(at, 1);
      if (size > limit) {
        this.lost++;
        continue;
      }
      writeDatagram(sink.writer, data);
      written += size;
      sink.record(this, DATAGRAM, this.#written.push(outgoing!) - 1, 0);
    }
    if (this.#outgoing.length < MAX_DATAGRAMS_WAITING / 2) this.#tell();
  }

  /**
   * A datagram that may leave on another path as well.
   *
   * @param frame A frame of the packet that was written last.
   */
  copyOf({ start }: SentFrame, path: Path): Uint8Array | undefined {
    const { data, bound } = this.#written[start]!;
    return bound === undefined || (bindingOf(bound) ?? path) === path ? data : undefined;
  }

  /**
   * Writes a datagram once more.
   *
   * @param limit The most that a whole packet of the path carries.
   * @returns Whether there was room; one that fits into no packet of the path counts as written.
   */
  writeCopy(sink: FrameSink, data: Uint8Array, limit: number): boolean {
    const size = datagramSize(data.length);
    if (size > limit) return true;
    if (size > sink.room) return false;
    writeDatagram(sink.writer, data);
    sink.record(COPIES, DATAGRAM, 0, 0);
    return true;
  }

  #tell(): void {
    if (!this.#isWanted) return;
    this.#isWanted = false;
    this.#events.push({ type: "datagramsSent" });
  }

  onFrameAcked(_frame: SentFrame): void {}

  /** RFC 9221, Section 5: never sent again. */
  onFrameLost(_frame: SentFrame): void {
    this.lost++;
  }
}

/** Copies are not missed: the first one counts for what becomes of a datagram. */
const COPIES: FrameOwner = { onFrameAcked() {}, onFrameLost() {} };
