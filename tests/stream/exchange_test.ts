import assert from "node:assert/strict";
import { Kind } from "../../src/stream/connection_credit.ts";
import type { SendHalf } from "../../src/stream/send_half.ts";
import { StreamSet } from "../../src/stream/stream_set.ts";
import { byteAt, deliver, pattern, TestSink } from "./sink.ts";

/** A small generator of numbers below 1, from a seed. */
function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const OPTIONS = {
  maxBidirectionalStreams: 8,
  maxUnidirectionalStreams: 8,
  connectionWindow: 9_000,
  maxConnectionWindow: 60_000,
  streamWindow: 6_000,
  maxStreamWindow: 40_000,
};
const LIMITS = {
  initialMaxData: 9_000,
  initialMaxStreamDataBidiLocal: 6_000,
  initialMaxStreamDataBidiRemote: 6_000,
  initialMaxStreamDataUni: 6_000,
  initialMaxStreamsBidi: 8,
  initialMaxStreamsUni: 8,
};

/** Two sets and a network between them that loses, repeats, delays and wrongly presumes lost. */
class Exchange {
  readonly sets: [StreamSet, StreamSet];
  readonly random: () => number;
  readonly received = new Map<number, number>();
  /** Packets under way; those that are noted lost may still arrive. */
  readonly #air: { to: number; sink: TestSink; told: boolean; copies: number }[] = [];
  now = 0;

  constructor(seed: number) {
    this.random = mulberry(seed);
    this.sets = [
      new StreamSet({ ...OPTIONS, role: "client" }),
      new StreamSet({ ...OPTIONS, role: "server" }),
    ];
    for (const set of this.sets) set.setPeerLimits(LIMITS);
  }

  send(from: number): void {
    const sink = new TestSink(60 + Math.floor(this.random() * 1140));
    this.sets[from]!.writeControlFrames(sink, this.now, 20);
    if (this.random() < 0.2) this.#writeCopies(from, sink);
    this.sets[from]!.writeStreamFrames(sink);
    if (sink.frames.length > 0) this.#air.push({ to: 1 - from, sink, told: false, copies: 0 });
  }

  step(): void {
    const { random } = this;
    this.now += random() * 3;
    this.send(random() < 0.5 ? 0 : 1);
    if (this.#air.length > 0 && random() < 0.8) {
      const index = Math.floor(random() * Math.min(this.#air.length, 12));
      this.#fate(index);
    }
    for (const set of this.sets) this.#read(set);
  }

  get isQuiet(): boolean {
    return this.#air.length === 0;
  }

  #fate(index: number): void {
    const packet = this.#air[index]!;
    const dice = this.random();
    if (dice < 0.15) {
      if (!packet.told) packet.sink.lost();
      packet.told = true;
      if (this.random() < 0.5) this.#air.splice(index, 1); // gone for good
    } else {
      deliver(packet.sink.bytes, this.sets[packet.to]!);
      if (dice < 0.25 && packet.copies++ < 2) return; // it arrives once more, later
      this.#air.splice(index, 1);
      packet.sink.acked();
    }
  }

  #writeCopies(from: number, sink: TestSink): void {
    for (const { send } of this.sets[from]!.all()) {
      const start = Math.floor(this.random() * 3000);
      (send as SendHalf | undefined)?.writeCopy(sink, start, start + 200);
    }
  }

  #read(set: StreamSet): void {
    for (let event; (event = set.nextEvent());) {
      if (event.type !== "readable") continue;
      const half = event.stream.receive!;
      const key = event.stream.id * 2 + this.sets.indexOf(set);
      for (;;) {
        const data = half.read(1 + Math.floor(this.random() * 3000));
        if (!data) break;
        const offset = this.received.get(key) ?? 0;
        for (let i = 0; i < data.length; i++) {
          if (data[i] !== byteAt(half.id, offset + i)) assert.fail(`Wrong byte at ${offset + i}`);
        }
        this.received.set(key, offset + data.length);
      }
    }
  }
}

Deno.test("StreamSet delivers every byte once over a network that loses, repeats and reorders", () => {
  for (let seed = 1; seed <= 60; seed++) {
    const exchange = new Exchange(seed);
    const { random } = exchange;
    const expected = new Map<number, number>();
    for (let i = 0; i < 6; i++) {
      const from = random() < 0.5 ? 0 : 1;
      const kind = random() < 0.5 ? Kind.Bidirectional : Kind.Unidirectional;
      const stream = exchange.sets[from]!.open(kind)!;
      const length = Math.floor(random() ** 3 * 200_000);
      stream.send!.write(pattern(stream.id, 0, length));
      stream.send!.finish();
      if (length > 0) expected.set(stream.id * 2 + 1 - from, length);
    }
    let steps = 0;
    const open = () => [...exchange.sets[0].all(), ...exchange.sets[1].all()];
    while (open().length > 0 || !exchange.isQuiet) {
      exchange.step();
      // The other direction of a bidirectional stream ends without data.
      for (const { send } of open()) send?.finish();
      assert.ok(++steps < 200_000, `Seed ${seed} does not come to an end`);
    }
    assert.deepEqual(
      [...exchange.received].sort((a, b) => a[0] - b[0]),
      [...expected].sort((a, b) => a[0] - b[0]),
      `seed ${seed}`,
    );
    for (const set of exchange.sets) {
      assert.equal(set.views.length, 0);
      assert.equal(set.credit.receive.consumed, set.credit.receive.received);
    }
    assert.equal(exchange.sets[0].credit.send.used, exchange.sets[1].credit.receive.received);
  }
});

Deno.test("StreamSet comes to an end when both sides reset and stop at random", () => {
  for (let seed = 1; seed <= 150; seed++) {
    const exchange = new Exchange(seed);
    const { random } = exchange;
    for (let i = 0; i < 6; i++) {
      const stream = exchange.sets[i % 2]!.open(i % 3 === 0 ? Kind.Unidirectional : 0)!;
      stream.send!.write(pattern(stream.id, 0, Math.floor(random() * 30_000)));
    }
    let steps = 0;
    const open = () => [...exchange.sets[0].all(), ...exchange.sets[1].all()];
    while (open().length > 0 || !exchange.isQuiet) {
      exchange.step();
      for (const { send, receive } of open()) {
        if (random() < 0.003) send?.finish();
        if (random() < 0.001) send?.reset(7);
        if (random() < 0.001) receive?.stop(9);
      }
      assert.ok(++steps < 200_000, `Seed ${seed} does not come to an end`);
    }
    for (const set of exchange.sets) {
      set.expire(1e9);
      assert.equal(set.credit.receive.consumed, set.credit.receive.received, `seed ${seed}`);
      for (const streams of set.credit.receiveStreams) {
        assert.equal(streams.consumed, streams.received);
      }
    }
    assert.equal(exchange.sets[0].credit.send.used, exchange.sets[1].credit.receive.received);
    assert.equal(exchange.sets[1].credit.send.used, exchange.sets[0].credit.receive.received);
  }
});
