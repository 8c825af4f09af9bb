import assert from "node:assert/strict";
import type { LinkOptions } from "../../src/sim/link.ts";
import { linkOf, Pair, type PairOptions } from "./pair.ts";
import type { Transfer } from "../../src/sim/stream_app.ts";

const megabyte = 1_048_576;

/** Downloads `size` bytes, the handshake included, and says how it went. */
function download(size: number, options: PairOptions): { pair: Pair; transfer: Transfer } {
  const pair = new Pair(options);
  pair.start();
  const transfer = pair.client.app.download(size);
  pair.run({ until: 120_000, when: () => transfer.isDone });
  assert.ok(
    transfer.isDone,
    `only ${transfer.received} of ${size} bytes came (seed ${pair.world.seed})`,
  );
  return { pair, transfer };
}

/** The longest time without a byte of the application. */
function longestStall(pair: Pair, transfer: Transfer): number {
  let last = pair.now;
  let received = transfer.received;
  let longest = 0;
  pair.run({
    until: pair.now + 60_000,
    when: () => {
      if (transfer.received > received || transfer.isDone) {
        longest = Math.max(longest, pair.now - last);
        received = transfer.received;
        last = pair.now;
      }
      return transfer.isDone;
    },
  });
  assert.ok(transfer.isDone, `only ${transfer.received} bytes came (seed ${pair.world.seed})`);
  return longest;
}

Deno.test("Pair runs the same way for the same seed, datagram by datagram", () => {
  const links = [linkOf(10, 44, { loss: 0.02, jitter: 3 }), linkOf(5, 80, { reorder: 0.05 })];
  const digests = [3, 3, 4].map((seed) =>
    download(300_000, { seed, links }).pair.world.network.trace
  );
  assert.ok(digests[0]!.count > 300);
  assert.equal(digests[0]!.digest, digests[1]!.digest);
  assert.notEqual(digests[0]!.digest, digests[2]!.digest);
});

Deno.test("Pair needs two round trips for the first byte", () => {
  const { transfer } = download(1_000, { paths: 1 });
  assert.ok(transfer.duration > 88 && transfer.duration < 95, `${transfer.duration} ms`);
});

Deno.test("Pair fills one path, and with two is nearly twice as fast", () => {
  const one = download(4 * megabyte, { paths: 1 }).transfer.duration;
  const two = download(4 * megabyte, { paths: 2 }).transfer.duration;
  assert.ok(one < 3_900, `one path took ${one} ms`);
  assert.ok(one / two > 1.7, `two paths were ${one / two} times as fast`);
});

Deno.test("Pair carries every byte over links that lose, reorder, double and corrupt", () => {
  const bad: LinkOptions = {
    loss: 0.03,
    reorder: 0.05,
    reorderDelay: 15,
    duplicate: 0.03,
    corrupt: 0.02,
    jitter: 4,
    keepOrder: false,
  };
  for (let seed = 1; seed <= 5; seed++) {
    const pair = new Pair({ seed, links: [linkOf(10, 30, bad), linkOf(20, 60, bad)] });
    pair.start();
    const { app } = pair.client;
    const transfers = [app.download(200_000), app.download(150_000), app.download(1)];
    app.upload(100_000);
    app.upload(0);
    const isDone = () =>
      transfers.every((transfer) => transfer.isDone) && pair.server.app.uploads.size === 2 &&
      [...pair.server.app.uploads.values()].every((upload) => upload.isDone);
    pair.run({ until: 60_000, when: () => pair.server.isConnected && isDone() });
    assert.ok(isDone(), `seed ${seed}`);
    const uploads = [...pair.server.app.uploads.values()].map(({ received }) => received);
    assert.deepEqual(uploads.sort((a, b) => a - b), [0, 100_000]);
  }
});

Deno.test("Pair completes the handshake and a transfer although a third of all packets is lost", () => {
  for (let seed = 1; seed <= 10; seed++) {
    download(20_000, { seed, links: [linkOf(10, 40, { loss: 0.33 })] });
  }
});

Deno.test("Pair goes on when one of two paths is cut, with a short stall", () => {
  for (const index of [0, 1]) {
    const pair = new Pair({ paths: 2 });
    pair.start();
    const transfer = pair.client.app.download(4 * megabyte);
    pair.run({ when: () => transfer.received > megabyte });
    pair.links[index]!.down();
    const stall = longestStall(pair, transfer);
    assert.ok(stall < 300, `stalled for ${stall} ms when path ${index} was cut`);
  }
});

Deno.test("Pair uses a path again that was cut for a while", () => {
  const pair = new Pair({ paths: 2 });
  pair.start();
  const transfer = pair.client.app.download(20 * megabyte);
  pair.run({ when: () => transfer.received > megabyte });
  pair.links[1]!.outage(pair.now, pair.now + 3_000);
  pair.run({ until: pair.now + 2_999 });
  const { counters } = pair.links[1]!.downward;
  const before = counters.deliveredBytes;
  pair.run({ until: pair.now + 4_000 });
  const used = counters.deliveredBytes - before;
  assert.ok(used > 1_000_000, `only ${used} bytes came over the path in 4 s after it was back`);
  pair.run({ until: 60_000, when: () => transfer.isDone });
  assert.ok(transfer.isDone);
});

Deno.test("Pair survives a NAT that forgets its bindings, on each path", () => {
  for (const index of [0, 1]) {
    const pair = new Pair({ paths: 2, seed: 5 });
    pair.start();
    const transfer = pair.client.app.download(3 * megabyte);
    pair.client.app.upload(2 * megabyte);
    pair.run({ when: () => transfer.received > megabyte });
    pair.clientPorts[index]!.rebind();
    const stall = longestStall(pair, transfer);
    assert.ok(stall < 500, `stalled for ${stall} ms when the NAT of path ${index} changed`);
  }
});

Deno.test("Pair survives a NAT rebinding on its only path", () => {
  const pair = new Pair({ paths: 1 });
  pair.start();
  const transfer = pair.client.app.download(2 * megabyte);
  pair.run({ when: () => transfer.received > megabyte / 2 });
  pair.clientPorts[0]!.rebind();
  const stall = longestStall(pair, transfer);
  assert.ok(stall < 1_500, `stalled for ${stall} ms`);
});

Deno.test("Pair reaches a server with an address per path", () => {
  const { pair } = download(2 * megabyte, { paths: 3, serverAddresses: 3 });
  for (const link of pair.links) assert.ok(link.downward.counters.deliveredBytes > 200_000);
});

Deno.test("Pair keeps application data off a backup while another path is alive", () => {
  const pair = new Pair({ paths: 2, statuses: ["available", "backup"] });
  pair.start();
  const transfer = pair.client.app.download(3 * megabyte);
  pair.run({ when: () => transfer.received > 2 * megabyte });
  const { deliveredBytes } = pair.links[1]!.downward.counters;
  assert.ok(deliveredBytes < 30_000, `${deliveredBytes} bytes came over the backup`);
  pair.links[0]!.down();
  const stall = longestStall(pair, transfer);
  assert.ok(stall < 400, `stalled for ${stall} ms until the backup was used`);
});

Deno.test("Pair works over IPv6", () => {
  download(100_000, { paths: 2, ipv6: true });
});

Deno.test("Pair ends for both when one closes, and nothing more is sent", () => {
  const pair = new Pair({ paths: 2 }).connect();
  pair.client.connection.close(7, "done", pair.now);
  pair.run({ until: pair.now + 5_000 });
  for (const end of [pair.client, pair.server]) {
    const closed = end.events.find((event) => event.type === "closed");
    assert.ok(closed?.type === "closed" && closed.reason.code === 7);
    assert.equal(end.endpoint.connections.size, 0);
    assert.equal(end.endpoint.deadline, Infinity);
  }
});

Deno.test("Pair times out at both ends when all links are cut", () => {
  const pair = new Pair({ paths: 2, config: { maxIdleTimeout: 5_000 } }).connect();
  const transfer = pair.client.app.download(10 * megabyte);
  pair.run({ until: pair.now + 500 });
  for (const link of pair.links) link.down();
  pair.run({ until: pair.now + 30_000 });
  assert.equal(transfer.isDone, false);
  for (const end of [pair.client, pair.server]) {
    assert.ok(end.has("closed"), end.host.name);
    assert.equal(end.endpoint.connections.size, 0, end.host.name);
  }
});

Deno.test("Pair notices at once that the server has forgotten the connection", () => {
  const pair = new Pair({ paths: 1 }).connect();
  const transfer = pair.client.app.download(megabyte);
  pair.run({ when: () => transfer.received > 100_000 });
  // The server's endpoint is replaced by one that knows nothing but the key of its resets.
  const { resetKey } = pair;
  const fresh = new Pair({ world: pair.world, paths: 1, number: 1, resetKey }).server.endpoint;
  pair.server.host.endpoint = fresh;
  const before = pair.now;
  pair.client.app.upload(1_000);
  pair.run({ until: before + 5_000, when: () => pair.client.has("closed") });
  const closed = pair.client.events.find((event) => event.type === "closed");
  assert.ok(closed?.type === "closed" && closed.reason.by === "reset");
  assert.ok(pair.now - before < 1_000, `it took ${pair.now - before} ms`);
});
