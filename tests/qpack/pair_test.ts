import assert from "node:assert/strict";
import { StreamError } from "../../src/error/quic_error.ts";
import { QpackDecoder } from "../../src/qpack/decoder.ts";
import { QpackEncoder } from "../../src/qpack/encoder.ts";
import type { FieldLine } from "../../src/qpack/field_line.ts";

/** A small generator, so that a failure can be repeated from its seed. */
function seeded(seed: number): (limit: number) => number {
  let state = Math.imul(seed, 0x9e37_79b1);
  return (limit) => {
    state = (state + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor(((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32 * limit);
  };
}

const names = [
  ":path",
  "accept",
  "user-agent",
  "x-trace",
  "cookie",
  "authorization",
  "etag",
  "x-b",
];

function someLines(below: (limit: number) => number): FieldLine[] {
  return Array.from({ length: 1 + below(8) }, () => {
    const name = names[below(names.length)]!;
    const long = below(20) === 0 ? "long".repeat(below(400)) : "";
    return { name, value: `${long}${below(10) === 0 ? below(1_000) : below(3)}` };
  });
}

interface Flight {
  readonly id: number;
  readonly lines: FieldLine[];
  readonly section: Uint8Array;
}

/** Two ends of a connection whose streams run at their own paces. */
class Ends {
  readonly encoder: QpackEncoder;
  readonly decoder: QpackDecoder;
  readonly below: (limit: number) => number;
  readonly flights: Flight[] = [];
  /** Results that wait for the encoder stream. */
  readonly waiting = new Map<number, FieldLine[]>();
  readonly mostBlocked: number;
  decoded = 0;
  failure: unknown;
  #toDecoder: number[] = [];
  #toEncoder: number[] = [];
  #nextId = 0;

  constructor(seed: number) {
    this.below = seeded(seed);
    const { below } = this;
    const tableCapacity = [0, 31, 32, 100, 150, 220, 512, 4096][below(8)]!;
    this.mostBlocked = [0, 1, 3, 16][below(4)]!;
    this.encoder = new QpackEncoder({
      tableCapacity: [0, 100, 4096, 4096][below(4)]!,
      riskedStreams: below(4) === 0 ? 0 : 16,
    });
    this.decoder = new QpackDecoder({
      maxTableCapacity: tableCapacity,
      maxBlockedStreams: this.mostBlocked,
    });
    this.encoder.allow(tableCapacity, this.mostBlocked);
  }

  step(): void {
    const { below, flights } = this;
    switch (below(8)) {
      case 0:
      case 1:
      case 2:
        return this.#encode();
      case 3:
      case 4:
        if (flights.length > 0) this.#arrive(flights.splice(below(flights.length), 1)[0]!);
        return;
      case 5:
        return this.#carry(this.#toDecoder, (data) => this.decoder.receive(data), below(40));
      case 6:
        return this.#carry(this.#toEncoder, (data) => this.encoder.receive(data), below(20));
      case 7:
        if (below(5) === 0) this.#cancel();
    }
  }

  /** Everything arrives that is still under way. */
  finish(): void {
    this.#carry(this.#toDecoder, (data) => this.decoder.receive(data), Infinity);
    for (const flight of this.flights.splice(0)) this.#arrive(flight);
    this.#carry(this.#toEncoder, (data) => this.encoder.receive(data), Infinity);
  }

  #encode(): void {
    const id = 4 * this.#nextId++;
    const lines = someLines(this.below);
    const section = this.encoder.encode(id, lines);
    this.#toDecoder.push(...this.encoder.instructions.take());
    this.flights.push({ id, lines, section });
  }

  #arrive({ id, lines, section }: Flight): void {
    const result = this.decoder.decode(id, section);
    if (result instanceof Promise) {
      this.waiting.set(id, lines);
      assert.ok(this.waiting.size <= this.mostBlocked);
      result.then((decoded) => this.#compare(id, decoded), (error) => {
        this.waiting.delete(id);
        if (!(error instanceof StreamError)) this.failure ??= error; // else it was cancelled
      });
    } else {
      this.waiting.set(id, lines);
      this.#compare(id, result);
    }
    this.#flush();
  }

  #compare(id: number, decoded: FieldLine[]): void {
    const pairs = (lines: FieldLine[]) => lines.map(({ name, value }) => [name, value]);
    assert.deepEqual(pairs(decoded), pairs(this.waiting.get(id)!));
    this.waiting.delete(id);
    this.decoded++;
  }

  /** A stream is given up, be its fields here or not. */
  #cancel(): void {
    const { below, flights, waiting } = this;
    const blocked = [...waiting.keys()];
    const id = blocked.length > 0 && below(2) === 0
      ? blocked[below(blocked.length)]!
      : flights.splice(below(flights.length), 1)[0]?.id;
    if (id !== undefined) this.decoder.cancel(id);
    this.#flush();
  }

  #carry(bytes: number[], receive: (data: Uint8Array) => void, count: number): void {
    if (bytes.length > 0) receive(new Uint8Array(bytes.splice(0, count)));
    this.#flush();
  }

  #flush(): void {
    this.#toEncoder.push(...this.decoder.instructions.take());
  }
}

Deno.test("QpackEncoder and QpackDecoder agree however their streams are late, cut and cancelled", async () => {
  let decoded = 0;
  for (let seed = 1; seed <= 400; seed++) {
    const ends = new Ends(seed);
    try {
      for (let i = 0; i < 300; i++) {
        ends.step();
        if (i % 3 === 0) await Promise.resolve();
      }
      ends.finish();
      await new Promise((resolve) =>
        queueMicrotask(() => queueMicrotask(() => resolve(undefined)))
      );
      assert.equal(ends.failure, undefined);
      assert.equal(ends.waiting.size, 0);
      assert.equal(ends.decoder.blockedStreams, 0);
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
    decoded += ends.decoded;
  }
  assert.ok(decoded > 15_000, `${decoded}`);
});
