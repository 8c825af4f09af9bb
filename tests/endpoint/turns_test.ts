import assert from "node:assert/strict";
import { CLIENT_DEFAULTS } from "../../src/connection/config.ts";
import { Turns } from "../../src/endpoint/turns.ts";
import { ORDINARY_TLS, Pair } from "../sim/pair.ts";

/** A port that may be busy, and that counts how often it is asked. */
class TestPort {
  readonly address = { transport: "udp", hostname: "192.0.2.1", port: 1 } as const;
  isBusy = false;
  asked = 0;

  get buffer(): Uint8Array | undefined {
    this.asked++;
    return this.isBusy ? undefined : new Uint8Array(1_500);
  }
}

/** A connection with a path at each of some ports. */
function takerAt(...ports: TestPort[]) {
  return { paths: { paths: ports.map((port) => ({ current: { port } })) } };
}

Deno.test("Turns asks connections one after the other, each for a burst", () => {
  const turns = new Turns<ReturnType<typeof takerAt>>();
  const [a, b] = [takerAt(new TestPort()), takerAt(new TestPort())];
  turns.add(a);
  turns.add(b);
  const order: string[] = [];
  for (let i = 0; i < 135; i++) {
    const next = turns.next()!;
    order.push(next === a ? "a" : "b");
    turns.onSent(next, i % 2 === 0 ? 1_452 : 40);
  }
  assert.equal(order.join(""), "a".repeat(45) + "b".repeat(45) + "a".repeat(45));
  turns.delete(a);
  assert.equal(turns.next(), b);
  assert.equal(turns.wait(b), false);
  assert.equal(turns.next(), undefined);
});

Deno.test("Turns counts jumbo datagrams by what they carry", () => {
  const turns = new Turns<ReturnType<typeof takerAt>>();
  const [a, b] = [takerAt(new TestPort()), takerAt(new TestPort())];
  turns.add(a);
  turns.add(b);
  const order: string[] = [];
  for (let i = 0; i < 24; i++) {
    const next = turns.next()!;
    order.push(next === a ? "a" : "b");
    turns.onSent(next, 8_952);
  }
  assert.equal(order.join(""), "a".repeat(8) + "b".repeat(8) + "a".repeat(8));
});

Deno.test("Turns gives a port that is free again to those that have waited longest", () => {
  const [one, two] = [new TestPort(), new TestPort()];
  one.isBusy = two.isBusy = true;
  const turns = new Turns<ReturnType<typeof takerAt>>();
  const takers = [takerAt(one), takerAt(two), takerAt(one), takerAt(one, two)];
  for (const taker of takers) assert.ok(turns.wait(taker));
  assert.deepEqual([turns.next(), turns.waiting], [undefined, 5]);

  // What happens meanwhile has one of them asked, and it keeps its place.
  turns.add(takers[2]!);
  assert.equal(turns.next(), takers[2]);
  assert.ok(turns.wait(takers[2]!));

  one.isBusy = false;
  const served = [];
  for (let next = turns.next(); next; next = turns.next()) {
    served.push(takers.indexOf(next));
    turns.wait(next);
  }
  assert.deepEqual(served, [0, 2, 3], "in their order, whatever other port they wait for");
  two.isBusy = false;
  assert.equal(turns.next(), takers[1]);
  turns.rest(takers[1]!);
  assert.equal(turns.next(), takers[3]);
});

Deno.test("Turns remembers no port that broke, or that its connection has left", () => {
  const [one, two] = [new TestPort(), new TestPort()];
  one.isBusy = two.isBusy = true;
  const turns = new Turns<ReturnType<typeof takerAt>>();
  const taker = takerAt(one);
  turns.wait(taker);
  taker.paths.paths = [{ current: { port: two } }];
  turns.wait(taker);
  one.isBusy = false;
  assert.deepEqual([turns.next(), turns.waiting], [undefined, 1]);
  turns.forget(two);
  assert.equal(turns.waiting, 0);
  turns.wait(taker);
  turns.delete(taker);
  assert.equal(turns.waiting, 0);
});

Deno.test("A busy port costs an endpoint no look at each connection", () => {
  const pair = new Pair();
  const { endpoint } = pair.client;
  const [port] = pair.clientPorts;
  const connections = Array.from({ length: 40 }, () => {
    const config = { transport: CLIENT_DEFAULTS, tls: ORDINARY_TLS };
    return endpoint.connect(config, port!, pair.serverPorts[0]!.publicAddress, pair.now);
  });
  pair.run({ until: pair.now + 2_000 });
  assert.ok(connections.every(({ handshake }) => handshake.confirmed));

  let asked = 0;
  Object.defineProperty(port!, "buffer", { get: () => void asked++, configurable: true });
  for (const connection of connections) connection.paths.paths[0]!.space.requestProbes();
  endpoint.touch();
  assert.equal(endpoint.transmit(pair.now), undefined);
  assert.ok(asked >= connections.length, "each was asked once");
  asked = 0;
  for (let i = 0; i < 100; i++) assert.equal(endpoint.transmit(pair.now), undefined);
  assert.ok(asked <= 100, `the port was asked ${asked} times`);
  // One that something happens to is asked, and no other.
  asked = 0;
  endpoint.touch(connections[7]);
  assert.equal(endpoint.transmit(pair.now), undefined);
  assert.ok(asked < 10, `the port was asked ${asked} times`);

  delete (port as { buffer?: unknown }).buffer;
  const sent = connections.map(({ paths }) => paths.paths[0]!.counters.packetsSent);
  pair.run({ until: pair.now + 1_000 });
  connections.forEach(({ paths }, i) => {
    assert.ok(paths.paths[0]!.counters.packetsSent > sent[i]!, "all go on");
  });
});
