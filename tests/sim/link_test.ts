import assert from "node:assert/strict";
import type { Address } from "../../src/path/address/address.ts";
import type { LinkOptions } from "../../src/sim/link.ts";
import { Network } from "../../src/sim/network.ts";
import type { SimPort } from "../../src/sim/sim_port.ts";

interface Arrival {
  readonly time: number;
  readonly number: number;
  readonly data: Uint8Array;
  readonly remote: Address;
}

const client: Address = { transport: "udp", hostname: "10.0.0.1", port: 1000 };
const server: Address = { transport: "udp", hostname: "10.0.0.2", port: 443 };

/** A client behind one link and a server without, and what the server received. */
class Bench {
  readonly network: Network;
  readonly arrivals: Arrival[] = [];
  readonly client: SimPort;
  readonly server: SimPort;
  readonly answers: Arrival[] = [];

  constructor(options: LinkOptions, seed = 1) {
    this.network = new Network(seed);
    const link = this.network.link(options);
    this.client = this.network.port(client, this.#into(this.answers), link);
    this.server = this.network.port(server, this.#into(this.arrivals));
  }

  #into(list: Arrival[]) {
    return (datagram: Uint8Array, _port: SimPort, remote: Address) => {
      const number = new DataView(datagram.buffer).getUint32(0);
      list.push({ time: this.network.now, number, data: datagram, remote });
    };
  }

  send(number: number, size = 1000, port: SimPort = this.client, to: Address = server): void {
    const buffer = port.buffer!;
    buffer.fill(number & 0xff, 0, size);
    new DataView(buffer.buffer).setUint32(0, number);
    port.send(size, to);
  }

  run(until = Infinity): void {
    const { events } = this.network;
    while (events.next <= until && events.next < Infinity) events.fireNext();
    if (until < Infinity) events.advance(until);
  }

  get link() {
    return this.network.links[0]!;
  }
}

Deno.test("Pipe.push() sends at the exact rate when packets queue up", () => {
  const bench = new Bench({ rate: 10e6, delay: 20 });
  for (let i = 0; i < 100; i++) bench.send(i, 1472);
  bench.run();
  assert.equal(bench.arrivals.length, 100);
  for (const [i, arrival] of bench.arrivals.entries()) {
    assert.equal(arrival.number, i);
    assert.ok(Math.abs(arrival.time - (20 + (i + 1) * 1.2)) < 1e-6, `${i} came at ${arrival.time}`);
  }
});

Deno.test("Pipe.push() counts 48 bytes of headers for IPv6", () => {
  const network = new Network(1);
  const link = network.link({ rate: 8000 });
  const from: Address = { transport: "udp", hostname: "fd00::1", port: 1 };
  const to: Address = { transport: "udp", hostname: "fd00::2", port: 2 };
  let arrival = -1;
  const port = network.port(from, () => {}, link);
  network.port(to, () => (arrival = network.now));
  port.send(52, to);
  while (network.events.next < Infinity) network.events.fireNext();
  assert.equal(arrival, 100);
});

Deno.test("Pipe.push() delays by exactly the delay when the link is idle", () => {
  const bench = new Bench({ delay: 22 });
  bench.send(1);
  bench.run();
  assert.equal(bench.arrivals[0]!.time, 22);
  bench.send(2, 1000, bench.server, client);
  bench.run();
  assert.equal(bench.answers[0]!.time, 44);
});

Deno.test("Pipe.push() drops exactly what does not fit the queue", () => {
  // One is being sent, ten wait.
  const bench = new Bench({ rate: 1e6, queue: 10 * 1028 });
  for (let i = 0; i < 20; i++) bench.send(i, 1000);
  bench.run();
  assert.deepEqual(bench.arrivals.map((arrival) => arrival.number), [...Array(11).keys()]);
  assert.equal(bench.link.upward.counters.dropped.queue, 9);
});

Deno.test("Pipe.push() drops packets larger than the MTU", () => {
  const bench = new Bench({ mtu: 1280 });
  bench.send(1, 1252);
  bench.send(2, 1253);
  bench.run();
  assert.deepEqual(bench.arrivals.map((arrival) => arrival.number), [1]);
  assert.equal(bench.link.upward.counters.dropped.mtu, 1);
});

Deno.test("Pipe loses at random as often as it is told", () => {
  const bench = new Bench({ loss: 0.03 });
  for (let i = 0; i < 50_000; i++) bench.send(i, 20);
  bench.run();
  const rate = 1 - bench.arrivals.length / 50_000;
  assert.ok(Math.abs(rate - 0.03) < 0.003, `lost ${rate}`);
});

Deno.test("Pipe loses in bursts when told so", () => {
  const burst = { toBad: 0.01, toGood: 0.25, lossInGood: 0, lossInBad: 1 };
  const bench = new Bench({ burst });
  for (let i = 0; i < 50_000; i++) bench.send(i, 20);
  bench.run();
  const got = new Set(bench.arrivals.map((arrival) => arrival.number));
  let bursts = 0;
  for (let i = 1; i < 50_000; i++) if (!got.has(i) && got.has(i - 1)) bursts++;
  const lost = 50_000 - got.size;
  assert.ok(Math.abs(lost / 50_000 - 0.01 / 0.26) < 0.006, `lost ${lost}`);
  assert.ok(Math.abs(lost / bursts - 4) < 0.5, `bursts of ${lost / bursts}`);
});

Deno.test("Pipe reorders, duplicates and corrupts as often as it is told", () => {
  const bench = new Bench({
    rate: 100e6,
    delay: 5,
    reorder: 0.1,
    reorderDelay: 3,
    duplicate: 0.05,
    corrupt: 0.02,
  });
  for (let i = 0; i < 10_000; i++) bench.send(i, 100);
  bench.run();
  const { counters } = bench.link.upward;
  assert.equal(bench.arrivals.length, 10_000 + counters.duplicated);
  assert.ok(Math.abs(counters.duplicated - 500) < 80);
  assert.ok(Math.abs(counters.reordered - 1050) < 130);
  assert.ok(Math.abs(counters.corrupted - 200) < 50);
  // One flipped bit in each corrupted datagram, copies included.
  let flipped = 0;
  for (const { data } of bench.arrivals) {
    const body = data.subarray(4);
    const value = body[0] === body[1] ? body[0]! : body[2]!;
    let bits = 0;
    for (const byte of body) bits += popCount(byte ^ value);
    assert.ok(bits <= 1);
    flipped += bits;
  }
  assert.ok(flipped > 100);
});

Deno.test("Pipe jitter stays within its bounds and keeps the order when told so", () => {
  for (const keepOrder of [true, false]) {
    const bench = new Bench({ rate: 10e6, delay: 30, jitter: 10, keepOrder });
    for (let i = 0; i < 1000; i++) bench.send(i, 972);
    bench.run();
    let late = 0;
    let last = -1;
    for (const { time, number } of bench.arrivals) {
      const plain = 30 + (number + 1) * 0.8;
      assert.ok(time > plain - 10.001 && time < plain + 10.001);
      if (number < last) late++;
      last = Math.max(last, number);
    }
    assert.equal(late === 0, keepOrder);
  }
});

Deno.test("Link.down() loses what waits and what flies, Link.up() ends it", () => {
  const bench = new Bench({ rate: 1e6, delay: 50 });
  for (let i = 0; i < 10; i++) bench.send(i, 1222); // 10 ms each
  bench.run(35);
  bench.link.down();
  bench.send(10);
  bench.run(200);
  assert.equal(bench.arrivals.length, 0);
  assert.equal(bench.link.upward.counters.dropped.outage, 11);
  bench.link.up();
  bench.send(11);
  bench.run();
  assert.deepEqual(bench.arrivals.map((arrival) => arrival.number), [11]);
});

Deno.test("Link.outage() cuts at the times it names", () => {
  const bench = new Bench({ delay: 1 });
  bench.link.outage(10, 20);
  for (let i = 0; i < 30; i++) bench.network.events.call(i + 0.5, () => bench.send(i));
  bench.run();
  const numbers = bench.arrivals.map((arrival) => arrival.number);
  assert.deepEqual(numbers, [...Array(9).keys(), ...Array.from({ length: 10 }, (_, i) => i + 20)]);
});

Deno.test("Pipe.hold() keeps packets until Pipe.release()", () => {
  const bench = new Bench({ rate: 10e6 });
  bench.link.upward.hold();
  for (let i = 0; i < 5; i++) bench.send(i);
  bench.run(100);
  assert.equal(bench.arrivals.length, 0);
  bench.link.upward.release();
  bench.run();
  assert.equal(bench.arrivals.length, 5);
  assert.ok(bench.arrivals[0]!.time > 100);
});

Deno.test("Pipe changes its rate for the next packet when the option changes", () => {
  const bench = new Bench({ rate: 1e6 });
  for (let i = 0; i < 4; i++) bench.send(i, 1222);
  bench.run(15);
  bench.link.set({ rate: 10e6 });
  bench.run();
  assert.deepEqual(bench.arrivals.map(({ time }) => Math.round(time)), [10, 20, 21, 22]);
});

Deno.test("SimPort.rebind() changes the source and loses what goes to the old address", () => {
  const bench = new Bench({ delay: 1 });
  bench.send(1);
  bench.run();
  const before = bench.arrivals[0]!.remote;
  const after = bench.client.rebind();
  bench.send(2);
  bench.run();
  assert.deepEqual(before, client);
  assert.deepEqual(bench.arrivals[1]!.remote, after);
  assert.notEqual(after.port, before.port);
  bench.send(3, 100, bench.server, before);
  bench.send(4, 100, bench.server, after);
  bench.run();
  assert.deepEqual(bench.answers.map((answer) => answer.number), [4]);
});

Deno.test("Network.send() copies, so that the buffer may be used again at once", () => {
  const bench = new Bench({ delay: 10 });
  bench.send(1, 50);
  bench.send(2, 50);
  bench.run();
  assert.deepEqual(bench.arrivals.map((arrival) => arrival.data[20]), [1, 2]);
});

Deno.test("Network gives the same trace for the same seed, and another for another", () => {
  const options: LinkOptions = {
    rate: 5e6,
    delay: 7,
    loss: 0.1,
    jitter: 3,
    keepOrder: false,
    reorder: 0.1,
    duplicate: 0.1,
    corrupt: 0.1,
  };
  const digests = [7, 7, 8].map((seed) => {
    const bench = new Bench(options, seed);
    for (let i = 0; i < 500; i++) bench.send(i, 100 + i);
    bench.run();
    assert.equal(bench.network.trace.count, bench.arrivals.length);
    return bench.network.trace.digest;
  });
  assert.equal(digests[0], digests[1]);
  assert.notEqual(digests[0], digests[2]);
});

Deno.test("Pipe draws the same losses when other impairments change", () => {
  const lost = [0, 0.5].map((duplicate) => {
    const bench = new Bench({ loss: 0.2, duplicate, jitter: duplicate, delay: 3 });
    for (let i = 0; i < 300; i++) bench.send(i, 100);
    bench.run();
    const got = new Set(bench.arrivals.map((arrival) => arrival.number));
    return [...Array(300).keys()].filter((number) => !got.has(number));
  });
  assert.deepEqual(lost[0], lost[1]);
});

function popCount(value: number): number {
  let count = 0;
  for (; value !== 0; value &= value - 1) count++;
  return count;
}
