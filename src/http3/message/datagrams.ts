// HTTP datagrams of one connection, sorted by request (RFC 9297).

import type { PeerAccount } from "../../api/stats/peer_account.ts";
import { checkBytes, concatBytes, giveBack } from "../../bytes/bytes.ts";
import { ApplicationError } from "../../error/quic_error.ts";
import { CapsuleReader } from "../wire/capsule.ts";
import { H3ErrorCode } from "../wire/code_point.ts";
import { varints } from "../wire/frame.ts";
import type { RequestDatagrams } from "../handler.ts";
import type { H3Log } from "./h3_log.ts";
import type { Settings } from "../wire/settings.ts";
import type { H3Transport } from "../transport.ts";
import {
  MAX_HTTP_DATAGRAM_BYTES,
  MAX_HTTP_DATAGRAMS_EARLY,
  MAX_HTTP_DATAGRAMS_WAITING,
} from "../../limits/limits.ts";

/** What datagrams need of a connection. */
export interface DatagramCarrier {
  readonly transport: H3Transport;
  /** What the peer announced, once it has. */
  readonly peerSettings: Promise<Settings>;
  /** What is told of the connection, if anything is. */
  readonly log: H3Log | undefined;
  /** Closes the connection with the error's code. */
  fail(error: unknown): void;
}

/** Brings the datagrams of a connection to their requests. */
export class H3Datagrams {
  readonly #carrier: DatagramCarrier;
  readonly #requests = new Map<number, DatagramFlow>();
  readonly #early: { readonly id: number; readonly data: Uint8Array<ArrayBuffer> }[] = [];
  #earlyBytes = 0;
  /** All that wait, early or not. */
  readonly #waiting: WaitingBytes;
  /** The largest stream ID of a request so far. */
  #largestId = -1;
  /** Whether the peer has said that it takes none. */
  #isRefused = false;

  constructor(carrier: DatagramCarrier) {
    this.#carrier = carrier;
    this.#waiting = new WaitingBytes(carrier.transport.account);
    carrier.peerSettings.then(({ datagrams }) => this.#isRefused = !datagrams, ignore);
    this.#run();
  }

  /** The longest datagram that can be sent now, the number of its request included. */
  get maxSize(): number {
    return this.#isRefused ? 0 : this.#carrier.transport.maxDatagramSize ?? 0;
  }

  /** Begins to take the datagrams of a request. */
  open(streamId: number): RequestDatagrams {
    const datagrams = new DatagramFlow(this.#carrier, streamId, this.#waiting, this);
    this.#requests.set(streamId, datagrams);
    this.#largestId = Math.max(this.#largestId, streamId);
    for (let i = 0; i < this.#early.length;) {
      if (this.#early[i]!.id === streamId) datagrams.receive(this.#takeEarly(i));
      else i++;
    }
    return datagrams;
  }

  /** A request is over. */
  close(streamId: number, cause?: unknown): void {
    this.#requests.get(streamId)?.close(cause);
    this.#requests.delete(streamId);
  }

  async #run(): Promise<void> {
    const { transport } = this.#carrier;
    try {
      for (;;) this.#receive(await transport.readDatagram!());
    } catch (error) {
      if (error instanceof ApplicationError) this.#carrier.fail(error);
      // Otherwise the transport has ended, and gave everything back.
      for (const id of this.#requests.keys()) this.close(id, error);
    }
  }

  #receive(datagram: Uint8Array<ArrayBuffer>): void {
    const id = readStreamId(datagram);
    const data = datagram.subarray(1 << (datagram[0]! >>> 6));
    this.#carrier.log?.datagramParsed(id / 4, datagram.length, data.length);
    const request = this.#requests.get(id);
    if (request) {
      request.receive(data);
    } else if (id > this.#largestId && Number.isSafeInteger(id)) {
      // RFC 9297, Section 2.1: what comes after its request goes, what comes before may stay.
      if (this.#early.length === MAX_HTTP_DATAGRAMS_EARLY) giveBack(this.#takeEarly(0));
      if (!this.#waiting.hold(data)) return giveBack(data);
      this.#early.push({ id, data });
      this.#earlyBytes += data.buffer.byteLength;
    } else {
      giveBack(data);
    }
    this.trim();
  }

  /** Drops what is too much. */
  trim(): void {
    while (this.#waiting.isTooMuch) this.#dropOne();
  }

  #takeEarly(index: number): Uint8Array<ArrayBuffer> {
    const { data } = this.#early.splice(index, 1)[0]!;
    this.#earlyBytes -= data.buffer.byteLength;
    this.#waiting.release(data.buffer.byteLength);
    return data;
  }

  /** Drops the oldest of the request that has most. */
  #dropOne(): void {
    let largest: DatagramFlow | undefined;
    for (const flow of this.#requests.values()) {
      if (flow.bytesWaiting > (largest?.bytesWaiting ?? 0)) largest = flow;
    }
    if (largest && largest.bytesWaiting >= this.#earlyBytes) largest.drop();
    else giveBack(this.#takeEarly(0));
  }
}

/** Bytes of datagrams that wait to be read, held for the peer. */
class WaitingBytes {
  readonly #account: PeerAccount | undefined;
  #bytes = 0;

  constructor(account?: PeerAccount) {
    this.#account = account;
  }

  /** Whether some have to go. */
  get isTooMuch(): boolean {
    return this.#bytes > MAX_HTTP_DATAGRAM_BYTES;
  }

  /** Counts a datagram that is to wait; false if the peer may not have more held. */
  hold(datagram: Uint8Array): boolean {
    const bytes = datagram.buffer.byteLength;
    if (this.#account?.hold("bytes", bytes) === false) return false;
    this.#bytes += bytes;
    return true;
  }

  /** So many bytes wait no more. */
  release(bytes: number): void {
    this.#bytes -= bytes;
    this.#account?.release("bytes", bytes);
  }
}

class DatagramFlow implements RequestDatagrams {
  dropped = 0;
  /** Bytes of the datagrams that wait, as they came. */
  bytesWaiting = 0;
  readonly #carrier: DatagramCarrier;
  readonly #streamId: number;
  readonly #quarterId: Uint8Array<ArrayBuffer>;
  readonly #waiting: Uint8Array<ArrayBuffer>[] = [];
  readonly #all: H3Datagrams;
  #total: WaitingBytes;
  readonly #readers: ((data: Uint8Array<ArrayBuffer> | undefined) => void)[] = [];
  #isClosed = false;
  #cause: unknown;

  /** @param total Where all requests of the connection count what waits. */
  constructor(carrier: DatagramCarrier, streamId: number, total: WaitingBytes, all: H3Datagrams) {
    this.#carrier = carrier;
    this.#all = all;
    this.#streamId = streamId;
    this.#total = total;
    this.#quarterId = varints(streamId / 4);
  }

  get maxSize(): number {
    return Math.max(0, this.#all.maxSize - this.#quarterId.length);
  }

  async send(data: Uint8Array): Promise<void> {
    checkBytes(data, "send a datagram");
    // RFC 9297, Section 2.1.1: not before both ends have said that they want datagrams.
    const { datagrams } = await this.#carrier.peerSettings;
    if (!datagrams) throw new TypeError("Cannot send a datagram: the peer takes none");
    if (this.#isClosed) throw requestOver(this.#cause);
    const datagram = concatBytes(this.#quarterId, data);
    this.#carrier.log?.datagramCreated(this.#streamId / 4, datagram.length, data.length);
    await this.#carrier.transport.sendDatagram!(datagram);
  }

  read(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const data = this.#take();
    if (data || this.#isClosed) return Promise.resolve(data);
    return new Promise((resolve) => this.#readers.push(resolve));
  }

  /** Takes a datagram of the peer. */
  receive(data: Uint8Array<ArrayBuffer>): void {
    const reader = this.#readers.shift();
    if (reader) return reader(data);
    if (this.#waiting.length === MAX_HTTP_DATAGRAMS_WAITING) this.drop();
    if (!this.#total.hold(data)) {
      this.dropped++;
      return giveBack(data);
    }
    this.#waiting.push(data);
    this.bytesWaiting += data.buffer.byteLength;
    this.#all.trim();
  }

  /** Drops the oldest that waits. */
  drop(): void {
    const data = this.#take();
    if (data === undefined) return;
    this.dropped++;
    giveBack(data);
  }

  #take(): Uint8Array<ArrayBuffer> | undefined {
    const data = this.#waiting.shift();
    if (data === undefined) return undefined;
    this.bytesWaiting -= data.buffer.byteLength;
    this.#total.release(data.buffer.byteLength);
    return data;
  }

  /** The request is over; of itself, or for a cause. */
  close(cause?: unknown): void {
    this.#cause ??= cause;
    this.#isClosed = true;
    // What waits can still be read, but that is for the application to decide.
    this.#total.release(this.bytesWaiting);
    this.#total = new WaitingBytes();
    for (const reader of this.#readers.splice(0)) reader(undefined);
  }
}

/**
 * Takes the capsules of a request: datagrams that come in them are like those in frames of QUIC (RFC
 * 9297, Section 3.5). Resolves at the end of the stream.
 *
 * @param datagrams Those of the request.
 * @param stream What the peer sends; it stays locked.
 * @throws {StreamError} H3_MESSAGE_ERROR, or what the stream breaks with.
 */
export async function takeCapsules(
  datagrams: RequestDatagrams,
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
): Promise<void> {
  const capsules = new CapsuleReader(stream);
  for (let capsule; (capsule = await capsules.next()) !== undefined;) {
    // A copy, as what is dropped gives its memory back.
    if (datagrams instanceof DatagramFlow) datagrams.receive(capsule.value.slice());
  }
}

/** The ID of the stream a datagram belongs to. */
function readStreamId(datagram: Uint8Array): number {
  const size = 1 << ((datagram[0] ?? 0) >>> 6);
  if (datagram.length < size) throw datagramError("its stream is not named");
  let quarter = datagram[0]! & 0x3f;
  // RFC 9297, Section 2.1: a quarter of a stream ID is below 2^60.
  if (size === 8 && quarter >= 0x10) throw datagramError("there is no stream of its number");
  for (let i = 1; i < size; i++) quarter = quarter * 256 + datagram[i]!;
  return 4 * quarter;
}

function requestOver(cause: unknown): TypeError {
  const options = cause === undefined ? undefined : { cause };
  return new TypeError("Cannot send a datagram: the request is over", options);
}

function datagramError(why: string): ApplicationError {
  return new ApplicationError(H3ErrorCode.DatagramError, `Cannot accept a datagram: ${why}`);
}

function ignore(): void {}
