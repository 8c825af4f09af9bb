import assert from "node:assert/strict";
import type { Connection } from "../../src/connection/connection.ts";
import type { ConnectionEvent } from "../../src/connection/event.ts";
import { Kind } from "../../src/stream/connection_credit.ts";
import type { Stream } from "../../src/stream/stream.ts";
import { checkPattern, patternBytes } from "../../src/sim/pattern.ts";

/** What one end did and saw on a stream. */
interface Track {
  readonly stream: Stream;
  written: number;
  received: number;
}

/** An application that does as it is told, at one end, and keeps account of every byte. */
export class FuzzApp {
  readonly tracks = new Map<number, Track>();
  readonly #connection: Connection;
  #paused = false;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Takes an event of the connection. */
  onEvent(event: ConnectionEvent): void {
    if (event.type === "opened") this.#track(event.stream);
    if (event.type === "opened" || event.type === "readable") {
      if (!this.#paused) this.#read(this.tracks.get(event.stream.id)!, Infinity);
    }
    if (event.type === "datagramReceived") this.#readDatagrams();
  }

  open(choice: number): void {
    const stream = this.#connection.streams.open(
      choice % 2 === 0 ? Kind.Bidirectional : Kind.Unidirectional,
    );
    if (stream !== undefined) this.#track(stream);
  }

  write(choice: number, size: number): void {
    const track = this.#pick(choice, ({ stream }) => mayWrite(stream));
    const half = track?.stream.send;
    if (track === undefined || half === undefined || half.bytesQueued > 2_000_000) return;
    half.write(patternBytes(track.stream.id, track.written, size));
    track.written += size;
  }

  finish(choice: number): void {
    const track = this.#pick(choice, ({ stream }) => stream.send !== undefined);
    track?.stream.send?.finish();
    if (track !== undefined) finished.add(track.stream.send!);
  }

  reset(choice: number, code: number): void {
    this.#pick(choice, ({ stream }) => stream.send !== undefined)?.stream.send?.reset(code);
  }

  stop(choice: number, code: number): void {
    this.#pick(choice, ({ stream }) => stream.receive !== undefined)?.stream.receive?.stop(code);
  }

  pause(): void {
    this.#paused = true;
  }

  read(choice: number, size: number): void {
    const track = this.#pick(choice, ({ stream }) => stream.receive !== undefined);
    if (track !== undefined) this.#read(track, size);
  }

  sendDatagram(size: number): void {
    const { datagrams } = this.#connection;
    if (datagrams.peerLimit === 0 || datagrams.isFull()) return;
    const data = patternBytes(0, 0, Math.min(size, datagrams.maxSize(1_000)));
    datagrams.send(data);
  }

  /** Reads whatever is there, and ends everything that was begun. */
  wrapUp(): void {
    this.#paused = false;
    for (const track of [...this.tracks.values()]) {
      if (track.stream.receive !== undefined) this.#read(track, Infinity);
      track.stream.send?.finish();
    }
  }

  /** Whether nothing is open any more. */
  get isDone(): boolean {
    return this.#connection.streams.size === 0;
  }

  /** Which streams are still open, for messages. */
  get state(): string {
    const open = [...this.#connection.streams.all()].map(({ id, send, receive }) => {
      const { written = 0, received = 0 } = this.tracks.get(id) ?? {};
      return `${id}: wrote ${written} (state ${send?.state}), read ${received} (state ${receive?.state})`;
    });
    return open.join("; ");
  }

  /** Fails unless what the peer sent arrived here. */
  compare(peer: FuzzApp): void {
    for (const { stream, written } of peer.tracks.values()) {
      const sender = stream.send;
      const { stream: { receive } = {}, received = 0 } = this.tracks.get(stream.id) ?? {};
      if (sender === undefined || receive === undefined) continue;
      assert.ok(received <= written, `stream ${stream.id}: ${received} of ${written} bytes read`);
      if (receive.stopCode >= 0) continue;
      if (receive.resetCode >= 0) assert.equal(receive.resetCode, sender.resetCode);
      else assert.equal(received, written, `stream ${stream.id}: all bytes arrived`);
    }
  }

  #track(stream: Stream): void {
    assert.ok(!this.tracks.has(stream.id), `stream ${stream.id} was opened once`);
    this.tracks.set(stream.id, { stream, written: 0, received: 0 });
  }

  #pick(choice: number, fits: (track: Track) => boolean): Track | undefined {
    const fitting = [...this.tracks.values()].filter(({ stream }) => !stream.isDone).filter(fits);
    return fitting[choice % Math.max(1, fitting.length)];
  }

  #read(track: Track, limit: number): void {
    const { stream } = track;
    const half = stream.receive;
    if (half === undefined) return;
    for (let left = limit; left > 0;) {
      const data = half.read(Math.min(left, 65_536));
      if (data === undefined) break;
      checkPattern(stream.id, track.received, data);
      track.received += data.length;
      left -= data.length;
    }
  }

  #readDatagrams(): void {
    for (let data; (data = this.#connection.datagrams.receive());) checkPattern(0, 0, data);
  }
}

const finished = new WeakSet<object>();

function mayWrite({ send }: Stream): boolean {
  return send !== undefined && send.resetCode < 0 && !send.isDone && !finished.has(send);
}
