import assert from "node:assert/strict";
import type { Connection } from "../../src/connection/connection.ts";
import { Kind } from "../../src/stream/connection_credit.ts";
import type { Stream } from "../../src/stream/stream.ts";
import { checkPattern, patternAt } from "../../src/sim/pattern.ts";

const NAME = /^GET \/(\d+)-(\d+)(?:-x*)?\r\n$/;

/** A file that a client asks for. */
export interface HqFile {
  readonly size: number;
  received: number;
  isDone: boolean;
}

/** HTTP/0.9 at one end of a connection: a file's name says its size and which pattern it has. */
export class HqApp {
  readonly files: HqFile[] = [];
  /** Requests of which the server read bytes as 0-RTT data. */
  early = 0;
  readonly #connection: Connection;
  readonly #unopened: (() => boolean)[] = [];
  readonly #readers = new Map<Stream, () => void>();
  readonly #writers = new Map<Stream, () => void>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  get isDone(): boolean {
    return this.files.every((file) => file.isDone);
  }

  /** Asks for a file, when the peer allows the stream; the name is made as long as wanted. */
  get(size: number, nameLength = 0): HqFile {
    const file: HqFile = { size, received: 0, isDone: false };
    const key = this.files.push(file);
    let name = `${size}-${key}`;
    if (name.length < nameLength) name = `${name}-`.padEnd(nameLength, "x");
    const open = () => this.#open(name, key, file);
    if (this.#unopened.length > 0 || !open()) this.#unopened.push(open);
    return file;
  }

  /** Takes all events there are. */
  drain(): void {
    for (let event; (event = this.#connection.nextEvent()) !== undefined;) {
      if (event.type === "opened") this.#serve(event.stream);
      else if (event.type === "readable") this.#readers.get(event.stream)?.();
      else if (event.type === "writable") this.#writers.get(event.stream)?.();
      else if (event.type === "streamsAvailable") this.#openWaiting();
    }
  }

  #openWaiting(): void {
    while (this.#unopened.length > 0 && this.#unopened[0]!()) this.#unopened.shift();
  }

  #open(name: string, key: number, file: HqFile): boolean {
    const stream = this.#connection.streams.open(Kind.Bidirectional);
    if (stream === undefined) return false;
    stream.send!.write(new TextEncoder().encode(`GET /${name}\r\n`));
    stream.send!.finish();
    this.#readers.set(stream, () => {
      for (let data; (data = stream.receive!.read(65_536)) !== undefined;) {
        checkPattern(key, file.received, data);
        file.received += data.length;
      }
      if (!stream.receive!.isFinished) return;
      assert.equal(file.received, file.size);
      file.isDone = true;
      this.#readers.delete(stream);
    });
    return true;
  }

  #serve(stream: Stream): void {
    let request = "";
    const read = () => {
      for (let data; (data = stream.receive!.read(65_536)) !== undefined;) {
        if (request === "" && stream.early) this.early++;
        request += new TextDecoder().decode(data);
      }
      if (!stream.receive!.isFinished) return;
      this.#readers.delete(stream);
      const [, size, key] = NAME.exec(request) ?? assert.fail(`a request that is none: ${request}`);
      this.#send(stream, Number(size), Number(key));
    };
    this.#readers.set(stream, read);
    read();
  }

  #send(stream: Stream, size: number, key: number): void {
    let written = 0;
    const write = () => {
      const half = stream.send!;
      while (half.isWritable && written < size) {
        const data = patternAt(key, written, Math.min(65_536, size - written));
        half.write(data);
        written += data.length;
      }
      if (written < size) return;
      half.finish();
      this.#writers.delete(stream);
    };
    this.#writers.set(stream, write);
    write();
  }
}
