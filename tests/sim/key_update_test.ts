import assert from "node:assert/strict";
import { ErrorCode } from "../../src/error/error_code.ts";
import { Header, parseHeader } from "../../src/packet/header.ts";
import { linkOf, Pair, type PairOptions } from "./pair.ts";

const megabyte = 1_048_576;

function generations(pair: Pair): number[] {
  return [pair.client, pair.server].map((end) => end.connection.keys.oneRtt!.generation);
}

/** A transfer in both directions that must come through. */
function transferBoth(pair: Pair, size: number): void {
  const down = pair.client.app.download(size);
  pair.client.app.upload(size);
  const { uploads } = pair.server.app;
  const isDone = () => down.isDone && [...uploads.values()].at(-1)?.isDone === true;
  pair.run({ until: pair.now + 300_000, when: isDone });
  assert.ok(isDone(), `${down.received} of ${size} bytes`);
  for (const end of [pair.client, pair.server]) assert.ok(end.connection.closing.open);
}

// RFC 9001, Section 6.6: packets are counted over all paths; here the limit is low.
Deno.test("KeyPhases updates keys over and over while both ends send", () => {
  const pair = new Pair({ paths: 2, config: { keyLimits: { updateAfter: 200 } } }).connect();
  transferBoth(pair, 8 * megabyte);
  const [client, server] = generations(pair);
  assert.ok(client! > 3 && Math.abs(client! - server!) <= 1, `${client} ${server}`);
});

// MPQUIC, Section 2.5: packets of the slow path arrive long after those of the fast one.
Deno.test("KeyPhases updates keys while paths of 20 and 800 ms are in use, and waits in between [attack slow-path-key-update] [MPQUIC 2.5 key-update] [scenario rotation-unequal]", () => {
  const options: PairOptions = {
    links: [linkOf(20, 20), linkOf(20, 800)],
    config: { keyLimits: { updateAfter: 100 } },
  };
  for (const initiator of ["client", "server", "both"] as const) {
    const limits = { keyLimits: { updateAfter: 100 } };
    const pair = new Pair({
      ...options,
      config: {},
      clientConfig: initiator === "server" ? {} : limits,
      serverConfig: initiator === "client" ? {} : limits,
    }).connect();
    pair.run({ until: pair.now + 5_000, when: () => pair.server.has("pathOpened") });
    pair.run({ until: pair.now + 1_000 });
    const [before] = generations(pair);
    const started = pair.now;
    transferBoth(pair, 20 * megabyte);
    const client = generations(pair)[0]! - before!;
    const elapsed = pair.now - started;
    // Three probe timeouts of the slow path, which is at least its round-trip time each.
    assert.ok(client >= 1 && client <= 2 + elapsed / (3 * 800), `${client} in ${elapsed} ms`);
    // Nothing was lost because it came under keys that were gone.
    const space = pair.server.connection.paths.find(1)!.space;
    assert.equal(pair.server.connection.keys.oneRtt!.failed, 0);
    assert.ok(space.received.largest > 100);
  }
});

// What opens a path is under way for longer than old keys would be kept for the path there is.
Deno.test("KeyPhases leaves old keys for what opens a slow path", () => {
  for (const initiator of ["client", "server"]) {
    const limits = { keyLimits: { updateAfter: 20 } };
    const pair = new Pair({
      links: [linkOf(20, 20), linkOf(20, 800)],
      clientConfig: initiator === "client" ? limits : {},
      serverConfig: initiator === "server" ? limits : {},
    }).connect();
    pair.client.app.download(megabyte);
    pair.run({ until: pair.now + 3_000, when: () => pair.server.has("pathOpened") });
    assert.ok(pair.server.has("pathOpened"));
    assert.equal(pair.server.connection.keys.oneRtt!.failed, 0, initiator);
  }
});

Deno.test("KeyPhases updates keys over links that lose, reorder and delay", () => {
  for (let seed = 1; seed <= 5; seed++) {
    const bad = { loss: 0.03, reorder: 0.1, reorderDelay: 60, jitter: 10, keepOrder: false };
    const pair = new Pair({
      seed,
      links: [linkOf(10, 30, bad), linkOf(10, 200, bad)],
      config: { keyLimits: { updateAfter: 50 } },
    }).connect();
    transferBoth(pair, 2 * megabyte);
    assert.ok(generations(pair)[0]! > 1, `seed ${seed}`);
  }
});

Deno.test("KeyPhases understands a path that was silent for several updates", () => {
  const pair = new Pair({ paths: 2, statuses: ["available", "backup"] }).connect();
  pair.run({ until: pair.now + 500 });
  for (let i = 0; i < 5; i++) {
    pair.client.connection.keys.oneRtt!.requestUpdate();
    transferBoth(pair, megabyte / 4);
    pair.run({ until: pair.now + 2_000 });
  }
  assert.ok(generations(pair)[0]! >= 4, `${generations(pair)}`);
  pair.links[0]!.down();
  transferBoth(pair, megabyte / 4);
});

Deno.test("KeyPhases updates on request at both ends at the same time", () => {
  const pair = new Pair({ paths: 2 }).connect();
  pair.run({ until: pair.now + 500 });
  for (const end of [pair.client, pair.server]) end.connection.keys.oneRtt!.requestUpdate();
  transferBoth(pair, megabyte);
  assert.deepEqual(generations(pair), [1, 1]);
});

Deno.test("KeyPhases knows what a new path sends after updates", () => {
  const pair = new Pair({ paths: 2, openPaths: false }).connect();
  pair.run({ until: pair.now + 500 });
  pair.client.connection.keys.oneRtt!.requestUpdate();
  transferBoth(pair, megabyte / 4);
  assert.equal(generations(pair)[0], 1);
  pair.openPaths();
  pair.run({ until: pair.now + 1_000, when: () => pair.client.has("pathOpened") });
  transferBoth(pair, megabyte);
  assert.equal(pair.client.connection.paths.liveCount, 2);
});

// RFC 9001, Section 6.6: forgeries are counted over all keys and paths.
Deno.test("KeyPhases ends the connection when too many packets were forged", () => {
  const pair = new Pair({ paths: 2, config: { keyLimits: { integrityLimit: 20 } } }).connect();
  pair.run({ until: pair.now + 500 });
  const heard: { data: Uint8Array; from: Parameters<typeof pair.world.network.inject>[1] }[] = [];
  const header = new Header();
  pair.world.network.capture = (_time, event, from, to, data) => {
    if (event !== "send" || to.port !== 443 || !parseHeader(data, 0, 8, header)) return;
    if (!header.isLong) heard.push({ data: data.slice(), from });
  };
  transferBoth(pair, 20_000);
  pair.world.network.capture = undefined;
  const to = pair.serverPorts[0]!.publicAddress;
  for (let i = 0; i < 21; i++) {
    assert.ok(pair.server.connection.closing.open, `${i}`);
    const { data, from } = heard[i % heard.length]!;
    const forged = data.slice();
    forged[forged.length - 1 - i % 8]! ^= 0x80 >>> (i >>> 3);
    pair.world.network.inject(forged, from, to);
    pair.run({ until: pair.now + 10 });
  }
  const { reason } = pair.server.connection.closing;
  assert.equal(reason?.code, ErrorCode.AeadLimitReached);
});
