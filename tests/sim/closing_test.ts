import assert from "node:assert/strict";
import { Endpoint } from "../../src/endpoint/endpoint.ts";
import { DEFAULTS } from "../../src/connection/config.ts";
import { CloseStage } from "../../src/connection/closing.ts";
import { ErrorCode } from "../../src/error/error_code.ts";
import { hmac } from "../../src/crypto/hkdf.ts";
import { linkOf, ORDINARY_TLS, Pair, type PairOptions } from "./pair.ts";
import { expectOpen, move } from "./transfers.ts";
import { threadTime } from "../thread_time.ts";

function connected(options: PairOptions = {}): Pair {
  const pair = new Pair({ paths: 2, ...options }).connect();
  pair.run({ until: pair.now + 500 });
  return pair;
}

/** Nothing is left of the connection: no state, no timer, no packet. */
function expectGone(pair: Pair): void {
  pair.run({ until: pair.now + 120_000 });
  for (const end of [pair.client, pair.server]) {
    assert.equal(end.endpoint.connections.size, 0, `${end.host.name} forgets`);
    assert.equal(end.endpoint.deadline, Infinity);
  }
}

for (const [closer, other] of [["client", "server"], ["server", "client"]] as const) {
  Deno.test(`The ${closer} closes with a code: the ${other} hears it, once`, () => {
    const pair = connected();
    assert.ok(!pair[closer].endpoint.canBeLate);
    pair[closer].connection.close(4_711, "done", pair.now);
    pair.run({ until: pair.now + 100 });
    const events = pair[other].events.filter((event) => event.type === "closed");
    assert.equal(events.length, 1);
    const { reason } = events[0] as Extract<typeof events[0], { type: "closed" }>;
    assert.deepEqual(
      { by: reason.by, application: reason.application, code: reason.code, reason: reason.reason },
      { by: "peer", application: true, code: 4_711, reason: "done" },
    );
    assert.equal(pair[closer].connection.closing.reason!.by, "local");
    assert.equal(pair[other].connection.closing.stage, CloseStage.Draining);
    for (const end of ["client", "server"] as const) {
      assert.ok(pair[end].endpoint.canBeLate, `nothing hurries at the ${end}`);
    }
    const from = pair.now;
    expectGone(pair);
    assert.ok(from > 0);
  });

  Deno.test(`The ${closer}'s CONNECTION_CLOSE is lost: an answer to the next packet repeats it`, () => {
    const pair = connected();
    const transfer = (closer === "client" ? pair.server : pair.client).app;
    transfer.upload(10_000_000);
    pair.run({ until: pair.now + 300 });
    for (const link of pair.links) link.down();
    pair[closer].connection.close(7, "", pair.now);
    pair.run({ until: pair.now + 1 });
    for (const link of pair.links) link.up();
    pair.run({ until: pair.now + 2_000 });
    const { reason } = pair[other].connection.closing;
    assert.ok(reason === undefined || reason.code === 7);
    expectGone(pair);
  });

  Deno.test(`The ${closer} closes with a reason too long for a packet`, () => {
    const pair = connected();
    pair[closer].connection.close(1, "x".repeat(5_000), pair.now);
    pair.run({ until: pair.now + 100 });
    assert.equal(pair[other].connection.closing.reason?.code, 1);
    expectGone(pair);
  });

  Deno.test(`Both close at once, the ${closer} with another code`, () => {
    const pair = connected();
    pair[closer].connection.close(1, "", pair.now);
    pair[other].connection.close(2, "", pair.now);
    pair.run({ until: pair.now + 100 });
    assert.equal(pair[closer].connection.closing.reason!.code, 1);
    assert.equal(pair[other].connection.closing.reason!.code, 2);
    expectGone(pair);
  });

  Deno.test(`The ${closer} closes at every moment of a handshake, without harm`, () => {
    for (let at = 0; at < 200; at += 7) {
      const pair = new Pair({ paths: 2 });
      pair.start();
      pair.run({ until: at });
      if (!pair[closer].isConnected) continue;
      pair[closer].connection.close(99, "early", pair.now);
      pair.run({ until: at + 12_000 });
      const reason = pair[other].isConnected ? pair[other].connection.closing.reason : undefined;
      if (at >= 23 || closer === "server") {
        assert.ok(reason, `at ${at} ms the ${other} hears of it`);
        const early = !reason.application && reason.code === ErrorCode.ApplicationError;
        assert.ok(
          early || (reason.application && reason.code === 99),
          `${reason.code} at ${at} ms`,
        );
      }
      expectGone(pair);
    }
  });
}

// Behind an Initial and a Handshake packet little or nothing may be left for a large code.
Deno.test("A server closes with a large code in whatever credit is left", () => {
  for (let credit = 64; credit < 260; credit++) {
    const pair = new Pair();
    pair.start();
    pair.run({ until: 24 });
    const { connection } = pair.server;
    const { current } = connection.paths.find(0)!;
    assert.ok(!current.validated);
    current.bytesSent = 3 * current.bytesReceived - credit;
    connection.close(Number.MAX_SAFE_INTEGER, "a reason of some length", pair.now);
    pair.run({ until: 300 });
    const { reason } = pair.client.connection.closing;
    assert.equal(reason?.by, "peer", `${credit} bytes: ${connection.closing.reason?.cause}`);
  }
});

Deno.test("A server learns from CONNECTION_CLOSE what has arrived, though the ACK of it was lost", () => {
  const pair = connected();
  const transfer = pair.client.app.download(8_000);
  pair.client.touch();
  pair.run({ when: () => transfer.received > 0, until: pair.now + 1_000 });
  const half = pair.server.connection.streams.find(transfer.id)!.send!;
  for (const { upward } of pair.links) upward.down();
  pair.run({ when: () => transfer.isDone, until: pair.now + 1_000 });
  pair.run({ until: pair.now + 30 }); // the ACK leaves
  assert.deepEqual([transfer.isDone, half.isDone], [true, false]);
  for (const { upward } of pair.links) upward.up();
  pair.client.connection.close(0x100, "", pair.now);
  pair.client.touch();
  pair.run({ until: pair.now + 100 });
  assert.equal(pair.server.connection.closing.stage, CloseStage.Draining);
  assert.equal(half.isDone, true);
});

Deno.test("Nothing is said after the peer has closed", () => {
  const pair = connected();
  pair.client.app.upload(5_000_000);
  pair.run({ until: pair.now + 200 });
  pair.server.connection.close(0, "", pair.now);
  pair.run({ until: pair.now + 60 });
  let sent = 0;
  pair.world.network.capture = (_time, event, from) => {
    if (event === "send" && from.port !== 443) sent++;
  };
  pair.client.app.upload(1_000);
  pair.run({ until: pair.now + 5_000 });
  assert.equal(sent, 0);
});

Deno.test("A closed connection answers ever less often", () => {
  const pair = connected();
  pair.server.connection.close(0, "", pair.now);
  pair.run({ until: pair.now + 1 });
  let answers = 0;
  pair.world.network.capture = (_time, event, from) => {
    if (event === "send" && from.port === 443) answers++;
  };
  const to = pair.serverPorts[0]!.publicAddress;
  const from = pair.clientPorts[0]!.publicAddress;
  const id = pair.client.connection.paths.slot(0)!.remote.current;
  for (let i = 0; i < 1_000; i++) {
    const garbage = pair.world.random.bytes(200);
    garbage[0] = 0x40;
    garbage.set(id, 1);
    pair.world.network.inject(garbage, from, to);
    pair.run({ until: pair.now + 0.1 });
  }
  assert.ok(answers > 2 && answers < 15, `${answers} answers`);
});

Deno.test("Silence ends both ends after the idle timeout, the shorter one of both", () => {
  const pair = connected({ clientConfig: { maxIdleTimeout: 5_000 } });
  const from = pair.now;
  pair.run({ until: from + 4_000 });
  expectOpen(pair);
  pair.run({ until: from + 6_000 });
  for (const end of [pair.client, pair.server]) {
    assert.equal(end.connection.closing.reason?.by, "timeout");
    assert.equal(end.endpoint.connections.size, 0);
  }
});

Deno.test("Idle ends send nothing", () => {
  const pair = connected();
  pair.run({ until: pair.now + 2_000 });
  let sent = 0;
  pair.world.network.capture = (_time, event) => {
    if (event === "send") sent++;
  };
  pair.run({ until: pair.now + 20_000 });
  assert.equal(sent, 0);
  expectOpen(pair);
});

Deno.test("Keep-alive holds a connection for 200 s through a rebinding", () => {
  const pair = connected({ clientConfig: { keepAliveInterval: 10_000 } });
  pair.at(95_000, () => pair.clientPorts[0]!.rebind());
  pair.run({ until: 200_000 });
  expectOpen(pair);
  move(pair, 100_000);
});

Deno.test("An idle timeout of 0 means none", () => {
  const pair = connected({ config: { maxIdleTimeout: 0 } });
  pair.run({ until: 10_000_000 });
  expectOpen(pair);
  move(pair, 10_000);
});

Deno.test("A server that lost its memory ends the connection with a stateless reset", () => {
  const resetKey = new Uint8Array(32).fill(7);
  for (const ownKey of [true, false]) {
    const pair = connectedWith(resetKey);
    const server = pair.server.endpoint;
    const reborn = new Endpoint({
      random: pair.world.random.fork("reborn"),
      wallTime: (now) => 1_800_000_000_000 + now,
      server: {
        transport: DEFAULTS,
        tls: { credential: () => undefined as never, alpn: ["sim"] },
      },
      resetKey: ownKey ? resetKey : new Uint8Array(32).fill(8),
    });
    // The host goes on with another endpoint, as after a restart.
    server.receive = (...args) => reborn.receive(...args);
    server.transmit = (now) => reborn.transmit(now);
    pair.client.app.upload(100_000);
    pair.run({ until: pair.now + 3_000 });
    const { reason } = pair.client.connection.closing;
    assert.equal(reason?.by, ownKey ? "reset" : undefined);
  }
});

function connectedWith(resetKey: Uint8Array): Pair {
  const pair = new Pair({ links: [linkOf(10, 44), linkOf(10, 44)], resetKey });
  pair.connect();
  pair.run({ until: pair.now + 500 });
  return pair;
}

/** A stateless reset for the ID that the client uses on a path. */
function resetOf(pair: Pair, pathId: number, first: number): Uint8Array {
  const datagram = pair.world.random.bytes(40);
  datagram[0] = first;
  const id = pair.client.connection.paths.slot(pathId)!.remote.current;
  datagram.set(hmac("sha256", pair.resetKey, id).subarray(0, 16), 24);
  return datagram;
}

// RFC 9000, Section 10.3.1: whatever the datagram looks like, and whomever it seems to be for.
Deno.test("A stateless reset of any form, on any path, ends the connection", () => {
  for (const pathId of [0, 1]) {
    for (const first of [0x40, 0x7f, 0x00, 0xc0, 0xd0, 0xe5, 0xf0]) {
      for (const version of [-1, 0, 1, 0x0a0a0a0a]) {
        const pair = connected();
        const reset = resetOf(pair, pathId, first);
        if (version >= 0) {
          // As if for the client, and not to be opened.
          const { peerSource } = pair.server.connection.handshake.ids;
          const isLong = first >= 0x80;
          if (isLong) reset.set([version >>> 24, 0, 0, version & 0xff, 8], 1);
          reset.set(peerSource!, isLong ? 6 : 1);
          if (isLong) reset.set([0, 0, 25], 14);
        }
        const port = pair.clientPorts[pathId]!;
        pair.client.endpoint.receive(reset, port, pair.serverPorts[0]!.publicAddress, pair.now);
        const { reason } = pair.client.connection.closing;
        assert.equal(reason?.by, "reset", `${first} of version ${version} on path ${pathId}`);
      }
    }
  }
});

// RFC 9000, Section 10.3.1: the draining period follows, in which nothing is sent.
Deno.test("A connection that was reset is remembered for a while, and silent", () => {
  const pair = connected();
  const from = pair.serverPorts[0]!.publicAddress;
  pair.client.app.upload(100_000);
  pair.client.endpoint.receive(resetOf(pair, 0, 0x40), pair.clientPorts[0]!, from, pair.now);
  let sent = 0;
  pair.world.network.capture = (_time, event, source) => {
    if (event === "send" && source.port !== 443) sent++;
  };
  const lifetime = 3 * pair.client.connection.paths.largestProbeTimeout;
  pair.server.app.upload(100_000);
  pair.run({ until: pair.now + lifetime - 1 });
  assert.equal(pair.client.endpoint.connections.size, 1);
  pair.run({ until: pair.now + 2 });
  assert.equal(pair.client.endpoint.connections.size, 0);
  assert.equal(sent, 0);
  assert.equal(pair.client.events.filter(({ type }) => type === "closed").length, 1);
});

Deno.test("What ends in almost a token, in zeros, or in the token of an unused ID resets nothing [attack reset-tokens]", () => {
  const pair = connected();
  const almost = resetOf(pair, 0, 0x40);
  almost[39]! ^= 1;
  const zeros = new Uint8Array(40);
  zeros[0] = 0x40;
  const unused = resetOf(pair, 0, 0x40);
  const { remote } = pair.client.connection.paths.slot(0)!;
  assert.ok(remote.reserve());
  const spare = remote.reserved!;
  remote.dropReserved();
  unused.set(hmac("sha256", pair.resetKey, spare).subarray(0, 16), 24);
  const unopened = resetOf(pair, 2, 0x40);
  assert.equal(pair.client.connection.paths.slot(2)!.path, undefined);
  for (const datagram of [almost, zeros, unused, unopened]) {
    const from = pair.serverPorts[0]!.publicAddress;
    pair.client.endpoint.receive(datagram, pair.clientPorts[0]!, from, pair.now);
    assert.ok(pair.client.connection.closing.open);
  }
  move(pair, 10_000);
});

Deno.test("A stateless reset is found among hundreds of connections, in spite of a flood [attack reset-tokens]", () => {
  const pair = connected();
  const from = pair.serverPorts[0]!.publicAddress;
  const { endpoint } = pair.client;
  for (let i = 0; i < 300; i++) {
    endpoint.connect(
      {
        transport: DEFAULTS,
        tls: ORDINARY_TLS,
      },
      pair.clientPorts[0]!,
      from,
      pair.now,
    );
  }
  const start = threadTime();
  for (let i = 0; i < 20_000; i++) {
    endpoint.receive(pair.world.random.bytes(40), pair.clientPorts[0]!, from, pair.now);
  }
  assert.ok(threadTime() - start < 2_000, "the flood is not searched for without end");
  pair.run({ until: pair.now + 1_000 });
  endpoint.receive(resetOf(pair, 0, 0x40), pair.clientPorts[0]!, from, pair.now);
  assert.equal(pair.client.connection.closing.reason?.by, "reset");
});
