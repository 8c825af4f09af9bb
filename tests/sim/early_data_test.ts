import assert from "node:assert/strict";
import { DEFAULTS } from "../../src/connection/config.ts";
import { ServiceSecret } from "../../src/crypto/service_secret.ts";
import { configuredParameters } from "../../src/connection/parameters/local_parameters.ts";
import { encodeTransportParameters } from "../../src/connection/parameters/transport_parameters.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";
import { EarlyDataGuard } from "../../src/endpoint/early_data_guard.ts";
import { ReplayMemory } from "../../src/endpoint/replay_memory.ts";
import { Header, parseHeader } from "../../src/packet/header.ts";
import { PacketType } from "../../src/packet/packet_type.ts";
import { firstVisit, Inbox, sendTexts, visitAgain } from "./early_data.ts";
import { linkOf, type Pair } from "./pair.ts";

const texts = Array.from(
  { length: 40 },
  (_, i) => `request ${String(i).padStart(2, "0")}`.padEnd(32, "."),
);

/** Counts the packets of each type that an end sends from now on. */
function countPackets(pair: Pair, from: string): number[] {
  const counts = [0, 0, 0, 0, 0, 0];
  const header = new Header();
  const before = pair.world.network.capture;
  pair.world.network.capture = (time, event, source, to, data, cause) => {
    before?.(time, event, source, to, data, cause);
    if (event !== "send" || source.hostname !== from) return;
    for (let at = 0; parseHeader(data, at, 8, header); at = header.end) {
      if (header.type >= 0) counts[header.type]!++;
    }
  };
  return counts;
}

Deno.test("A resumed session needs no certificate, and each ticket resumes", () => {
  const { pair, sessions } = firstVisit();
  assert.equal(sessions.length, 2);
  for (const session of sessions) {
    const visit = visitAgain(pair, { session, earlyData: false });
    pair.run({ until: pair.now + 1_000 });
    assert.ok(visit.client.handshake.tls.isResumed && visit.server!.handshake.tls.isResumed);
    assert.equal(visit.client.handshake.tls.isEarlyDataAccepted, undefined);
  }
});

// Case "zerortt" of the interop runner: 40 requests of 32 bytes in the first flight.
Deno.test("40 requests of 32 bytes reach the server with the first flight", () => {
  const { pair, sessions } = firstVisit();
  const visit = visitAgain(pair, { session: sessions[0] });
  const counts = countPackets(pair, pair.clientPorts[0]!.address.hostname);
  assert.equal(sendTexts(visit.client, texts), 40);
  const start = pair.now;
  const inbox = new Inbox();
  pair.run({ until: start + 1_000, when: () => inbox.read(visit.server).texts.size === 40 });
  assert.deepEqual(inbox.all, texts);
  assert.equal(inbox.early, 40);
  assert.ok(pair.now - start < 30, `${pair.now - start} ms, where half a round trip is 22`);
  pair.run({ until: pair.now + 1_000 });
  assert.equal(visit.client.handshake.tls.isEarlyDataAccepted, true);
  assert.ok(counts[PacketType.ZeroRtt]! >= 2);
  // All was acknowledged: nothing of it was sent a second time in 1-RTT packets.
  for (const stream of visit.client.streams.all()) assert.equal(stream.send!.acknowledgedTo, 32);
  assert.equal(visit.client.paths.find(0)!.counters.packetsLost, 0);
  assert.equal(visit.client.keys.zeroRtt.write, undefined);
  assert.equal(visit.server!.keys.zeroRtt.read, undefined);
});

Deno.test("0-RTT data larger than a datagram and than the first window arrive as they were", () => {
  const { pair, sessions } = firstVisit();
  const visit = visitAgain(pair, { session: sessions[0] });
  const large = "0123456789".repeat(10_000);
  sendTexts(visit.client, [large]);
  const inbox = new Inbox();
  pair.run({
    until: pair.now + 5_000,
    when: () => inbox.read(visit.server).all[0]?.length === 1e5,
  });
  assert.equal(inbox.all[0], large);
});

Deno.test("Rejected 0-RTT data is sent again by itself, exactly once", () => {
  // The server's keys are others now, as after a restart: it cannot open the ticket.
  const { sessions } = firstVisit();
  const { pair } = firstVisit({ seed: 2 });
  const visit = visitAgain(pair, { session: sessions[0] });
  sendTexts(visit.client, texts);
  const inbox = new Inbox();
  pair.run({ until: pair.now + 2_000, when: () => inbox.read(visit.server).texts.size === 40 });
  assert.deepEqual(inbox.all, texts);
  assert.equal(inbox.early, 0);
  assert.equal(visit.client.handshake.tls.isEarlyDataAccepted, false);
  assert.equal(visit.client.paths.find(0)!.current.congestion.inSlowStart, true);
});

// RFC 9221, Section 3: what was queued under the old limit must not be sent under the new one.
Deno.test("DATAGRAMs that wait when 0-RTT data are rejected obey what the server takes now", () => {
  const { sessions } = firstVisit();
  const { pair } = firstVisit({ seed: 2, serverConfig: { maxDatagramFrameSize: 0 } });
  const visit = visitAgain(pair, { session: sessions[0] });
  for (let i = 0; i < 60; i++) visit.client.datagrams.send(new Uint8Array(1_000));
  sendTexts(visit.client, texts);
  const inbox = new Inbox();
  pair.run({ until: pair.now + 2_000, when: () => inbox.read(visit.server).texts.size === 40 });
  assert.equal(visit.client.handshake.tls.isEarlyDataAccepted, false);
  assert.equal(visit.client.closing.reason, undefined);
  assert.deepEqual(inbox.all, texts);
  assert.equal(visit.client.datagrams.lost, 60);
});

// RFC 9846, Section 8: the same ClientHello is read early once only.
Deno.test("A replayed first flight is not read early again [attack early-data-replay]", () => {
  const { pair, sessions } = firstVisit();
  const flight: Uint8Array[] = [];
  const from = pair.clientPorts[0]!.publicAddress;
  const to = pair.serverPorts[0]!.publicAddress;
  pair.world.network.capture = (_time, event, source, _to, data) => {
    if (event === "send" && source.hostname === from.hostname) flight.push(data.slice());
  };
  const visit = visitAgain(pair, { session: sessions[0] });
  sendTexts(visit.client, texts.slice(0, 3));
  pair.run({ until: pair.now + 30 });
  assert.equal(new Inbox().read(visit.server).early, 3);
  const replayed: typeof visit = { client: visit.client, server: undefined };
  pair.server.host.onConnection = (connection) => replayed.server ??= connection;
  const victim = { ...from, port: 1_234 };
  for (const data of flight) pair.world.network.inject(data, victim, to);
  pair.run({ until: pair.now + 100 });
  assert.ok(replayed.server !== undefined && replayed.server !== visit.server);
  assert.equal(replayed.server.handshake.tls.isEarlyDataAccepted, false);
  assert.equal(new Inbox().read(replayed.server).texts.size, 0);
});

Deno.test("0-RTT data arrive although every third datagram is lost, in any order", () => {
  let accepted = 0;
  for (let seed = 1; seed <= 20; seed++) {
    const { pair, sessions } = firstVisit({ seed, links: [linkOf(10, 44, { loss: 0.33 })] });
    const visit = visitAgain(pair, { session: sessions[0] });
    sendTexts(visit.client, texts);
    const inbox = new Inbox();
    pair.run({ until: pair.now + 30_000, when: () => inbox.read(visit.server).texts.size === 40 });
    assert.deepEqual(inbox.all, texts, `seed ${seed}`);
    if (visit.client.handshake.tls.isEarlyDataAccepted) accepted++;
  }
  // Half of 200 seeds; the others wait so long for an answer that the keys come first.
  assert.ok(accepted >= 6, `${accepted} of 20`);
});

// RFC 9000, Section 8.1.2: 0-RTT data before a Retry are lost with it, and sent again after it.
Deno.test("0-RTT data survive a Retry", () => {
  const { pair, sessions } = firstVisit({ server: { retry: "always" } });
  const visit = visitAgain(pair, { session: sessions[0] });
  sendTexts(visit.client, texts);
  const start = pair.now;
  const inbox = new Inbox();
  pair.run({ until: start + 1_000, when: () => inbox.read(visit.server).texts.size === 40 });
  assert.deepEqual(inbox.all, texts);
  assert.ok(pair.now - start < 75, `${pair.now - start} ms`);
  assert.equal(inbox.early, 40);
});

// RFC 9846, Section 8: a server that shares the key of the tickets would read a replay once more.
Deno.test("Servers with one ticketKey resume each other's sessions, and read no 0-RTT data of them [attack early-data-replay]", () => {
  const ticketKey = new Uint8Array(32).fill(7);
  const first = firstVisit({ server: { ticketKey } });
  const own = visitAgain(first.pair, { session: first.sessions[0] });
  sendTexts(own.client, texts);
  first.pair.run({ until: first.pair.now + 1_000 });
  assert.equal(own.client.handshake.tls.isEarlyDataAccepted, true);
  // Another server, or the same one after a restart, however long it has run.
  for (const seed of [2, 3]) {
    const { pair } = firstVisit({ seed, server: { ticketKey } });
    for (const session of first.sessions) {
      const visit = visitAgain(pair, { session });
      sendTexts(visit.client, texts);
      pair.run({ until: pair.now + 1_000 });
      const { tls } = visit.client.handshake;
      assert.ok(tls.isResumed, "the session is resumed");
      assert.equal(tls.isEarlyDataAccepted, false);
      const inbox = new Inbox().read(visit.server);
      assert.equal(inbox.early, 0);
      assert.equal(inbox.texts.size, 40, "all arrives in the end");
      pair.run({ until: pair.now + 60_000 });
    }
  }
});

// RFC 9846, Section 8.2: threads of a server remember together what they have read.
Deno.test("Servers with one memory read each other's 0-RTT data, once [attack early-data-replay]", () => {
  const server = {
    secret: new ServiceSecret(new Uint8Array(32).fill(7)),
    replayMemory: ReplayMemory.create(new Uint8Array(16).fill(1), true),
  };
  const { sessions } = firstVisit({ server });
  const accepted = [2, 3].map((seed) => {
    const { buffer } = server.replayMemory;
    const replayMemory = new ReplayMemory(buffer);
    const { pair } = firstVisit({ seed, server: { ...server, replayMemory } });
    const visit = visitAgain(pair, { session: sessions[0] });
    sendTexts(visit.client, texts);
    pair.run({ until: pair.now + 1_000 });
    return visit.client.handshake.tls.isEarlyDataAccepted;
  });
  // Another ClientHello, although by the same ticket.
  assert.deepEqual(accepted, [true, true]);
  const offer = Uint8Array.of(1, 2, 3);
  const answers = [1, 2].map(() => new ReplayMemory(server.replayMemory.buffer).earlyData)
    .map((filter) => filter.isFirst(offer, 1e12));
  assert.deepEqual(answers, [true, false]);
});

// RFC 9000, Section 7.4.1.
Deno.test("EarlyDataGuard refuses 0-RTT data where a limit is lower than the client remembers", () => {
  const issued = encodeTransportParameters(
    Object.assign(configuredParameters(DEFAULTS, "server"), {
      initialSourceId: new Uint8Array(8),
      originalDestinationId: new Uint8Array(8),
    }),
    new SeededRandom(1),
  );
  for (
    const [change, accepted] of [
      [{}, true],
      [{ connectionWindow: 1_000_000 }, false],
      [{ maxBidirectionalStreams: 99 }, false],
      [{ maxDatagramFrameSize: 1_000 }, false],
      [{ maxBidirectionalStreams: 101 }, true],
    ] as const
  ) {
    const { earlyData } = ReplayMemory.create(new Uint8Array(16));
    const guard = new EarlyDataGuard({ ...DEFAULTS, ...change }, earlyData);
    const offer = {
      id: new Uint8Array(32),
      alpn: "sim",
      serverName: undefined,
      transportParameters: issued,
      applicationState: new Uint8Array(0),
      ageSkew: 0,
    };
    assert.equal(guard.accepts(offer, 0), accepted, JSON.stringify(change));
    assert.equal(guard.accepts(offer, 1), false, "once is enough");
  }
});

Deno.test("Early data use no path but path 0, and the others open when the handshake is done", () => {
  const { pair, sessions } = firstVisit({ paths: 2 });
  const visit = visitAgain(pair, { session: sessions[0] });
  sendTexts(visit.client, texts);
  assert.equal(visit.client.paths.multipath, false);
  pair.run({ until: pair.now + 1_000 });
  assert.equal(visit.client.paths.multipath, true);
  assert.equal(new Inbox().read(visit.server).early, 40);
});

Deno.test("A server that reads no 0-RTT data says so in its tickets", () => {
  const { pair, sessions } = firstVisit({ server: { earlyData: false } });
  assert.equal(sessions[0]!.earlyData, false);
  const visit = visitAgain(pair, { session: sessions[0] });
  assert.equal(sendTexts(visit.client, texts), 0);
  assert.equal(visit.client.keys.zeroRtt.write, undefined);
});
