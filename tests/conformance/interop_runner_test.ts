import assert from "node:assert/strict";
import { DEFAULTS } from "../../src/connection/config.ts";
import { CipherSuite } from "../../src/crypto/cipher_suite.ts";
import { PacketType } from "../../src/packet/packet_type.ts";
import { Version } from "../../src/packet/version.ts";
import { formatAddress } from "../../src/path/address/address.ts";
import { Credential } from "../../src/tls/credential.ts";
import { H3Client } from "../../src/http3/client/client.ts";
import { serveConnection } from "../../src/http3/server/server.ts";
import { interceptBoth } from "../../src/sim/intercept.ts";
import { Pair } from "../sim/pair.ts";
import { patternBytes } from "../../src/sim/pattern.ts";
import { runUntil, SimTransport } from "../sim/sim_transport.ts";
import { TEST_CERTIFICATE, TEST_KEY } from "../../src/sim/test_certificate.ts";
import { longChain } from "./long_chain.ts";
import { RUNNER_LINK, RunnerCase, type RunnerOptions } from "./runner_case.ts";
import { encryptedExtension, offeredSuites, type WirePacket } from "./wire_packet.ts";
import { WireTap } from "./wire_tap.ts";

// The cases of the interop runner, with its networks, files and rules. What the rules are about is
// read from what was on the wire.

const megabyte = 1_048_576;
const kilobyte = 1_024;
const { Initial, ZeroRtt, Handshake, Retry, OneRtt } = PacketType;

function expectHandshakes(tap: WireTap, count: number): void {
  assert.equal(tap.handshakes, count, "handshakes");
  assert.equal(tap.sent("server", Retry).length, 0, "no Retry");
  assert.ok(versionsOf(tap.packets).size === 1, "one version");
}

function versionsOf(packets: readonly WirePacket[]): Set<number> {
  return new Set(packets.filter((packet) => packet.sourceId !== "").map(({ version }) => version));
}

/** A case that is over when the files are there, in one handshake. */
function transfer(sizes: readonly number[], options: RunnerOptions = {}): RunnerCase {
  const runner = new RunnerCase(options);
  runner.fetch(sizes);
  expectHandshakes(runner.tap, 1);
  return runner;
}

function callsOf(packets: readonly WirePacket[], name: string): unknown[][] {
  return packets.flatMap(({ frames }) => frames.filter((frame) => frame[0] === name));
}

Deno.test("handshake: one of them, without Retry", () => {
  transfer([kilobyte]);
});

Deno.test("transfer: 2, 3 and 5 MB", () => {
  transfer([2 * megabyte, 3 * megabyte, 5 * megabyte], { isShallow: true });
});

Deno.test("longrtt: a second ClientHello, and one handshake", () => {
  const { tap, pair } = transfer([kilobyte], { link: { delay: 750 } });
  const hellos = callsOf(tap.sent("client", Initial), "onCrypto").filter((call) => call[1] === 0);
  assert.ok(hellos.length >= 2, `${hellos.length} ClientHellos`);
  assert.ok(pair.now < 3_200, `${pair.now} ms`);
});

Deno.test("chacha20: the client offers no other suite", () => {
  const runner = new RunnerCase();
  const { core } = runner.fetch([3 * megabyte], { suites: [CipherSuite.ChaCha20Poly1305Sha256] });
  expectHandshakes(runner.tap, 1);
  const [[hello]] = runner.tap.messages("client", Initial) as [
    [{ type: number; body: Uint8Array }],
  ];
  assert.deepEqual(offeredSuites(hello), [CipherSuite.ChaCha20Poly1305Sha256]);
  assert.equal(core.handshake.tls.suite, CipherSuite.ChaCha20Poly1305Sha256);
});

Deno.test("multiplexing: 1999 files of 32 bytes, at most 1000 at a time", () => {
  const { tap } = transfer(new Array(1_999).fill(32));
  const [encrypted] = tap.messages("server", Handshake)[0]!.filter(({ type }) => type === 8);
  const parameters = encryptedExtension(encrypted!, 0x39)!;
  const limit = parameterOf(parameters, 0x08)!;
  assert.ok(limit > 0 && limit <= 1_000, `${limit} streams`);
  const ids = callsOf(tap.sent("client", OneRtt), "onStream").map((call) => call[1] as number);
  assert.equal(new Set(ids).size, 1_999);
});

/** A number among transport parameters (RFC 9000, Section 18). */
function parameterOf(parameters: Uint8Array, wanted: number): number | undefined {
  let at = 0;
  const varint = () => {
    const size = 1 << (parameters[at]! >>> 6);
    let value = parameters[at]! & 0x3f;
    for (let i = 1; i < size; i++) value = value * 256 + parameters[at + i]!;
    at += size;
    return value;
  };
  while (at < parameters.length) {
    const id = varint();
    const end = varint() + at;
    if (id === wanted) return varint();
    at = end;
  }
  return undefined;
}

Deno.test("retry: the token of one stands in the next Initials, whose numbers go on", () => {
  const runner = new RunnerCase({ server: { retry: "always" } });
  runner.fetch([10 * kilobyte]);
  const { tap } = runner;
  const retries = tap.sent("server", Retry);
  assert.ok(retries.length > 0 && retries.every(({ token }) => token !== ""));
  const initials = tap.sent("client", Initial);
  const before = initials.filter(({ token }) => token === "").map(({ number }) => number);
  const after = initials.filter(({ token }) => token !== "");
  assert.ok(before.length > 0 && after.length > 0);
  for (const { token, number, isOpen } of after) {
    assert.equal(token, retries[0]!.token);
    assert.ok(isOpen && number > Math.max(...before), `${number} after ${before}`);
  }
  assert.equal(after[0]!.destinationId, retries[0]!.sourceId);
  assert.equal(tap.handshakes, 1);
});

Deno.test("resumption: the second handshake has no Certificate", () => {
  const runner = new RunnerCase();
  const first = runner.fetch([5 * kilobyte]);
  runner.pair.run({ until: runner.pair.now + 200 });
  runner.leave(first);
  const second = runner.fetch([10 * kilobyte], { session: first.sessions[0] });
  expectHandshakes(runner.tap, 2);
  const types = runner.tap.messages("server", Handshake).map((all) => all.map(({ type }) => type));
  assert.deepEqual(types, [[8, 11, 15, 20], [8, 20]]);
  assert.ok(second.core.handshake.tls.isResumed);
});

Deno.test("zerortt: the requests of the second connection leave early", () => {
  const runner = new RunnerCase({ server: { earlyData: true } });
  const { tap, pair } = runner;
  // As the endpoint for the runner has it, since the bytes of both connections are counted.
  const options = { transport: { ...DEFAULTS, maxConcurrentPaths: 1, maxDatagramSize: 1_200 } };
  const first = runner.connect({}, options);
  first.app.get(32, 250);
  runner.finish(first);
  pair.run({ until: pair.now + 200 });
  runner.leave(first);
  const second = runner.connect({ session: first.sessions[0], earlyData: true }, options);
  for (let i = 1; i < 40; i++) second.app.get(32, 250);
  runner.finish(second);
  expectHandshakes(tap, 2);
  assert.equal(runner.served[1]!.early, 39);
  const bytes = (type: number) =>
    tap.packets.filter((p) => p.side === "client" && p.type === type)
      .reduce((sum, { size, isOpen }) => isOpen ? sum + size : assert.fail("closed"), 0);
  assert.ok(bytes(ZeroRtt) >= 39 * 250, `${bytes(ZeroRtt)} bytes of 0-RTT`);
  assert.ok(bytes(OneRtt) <= 5_000, `${bytes(OneRtt)} bytes of 1-RTT`);
});

Deno.test("http3: 5, 10 and 500 KB over the real HTTP/3", async () => {
  const alpn = { alpn: ["h3"] };
  const pair = new Pair({ links: [RUNNER_LINK], clientTls: alpn, serverTls: alpn });
  const tap = new WireTap(pair.world.network, (address) => address.port === 443, true);
  pair.connect();
  serveConnection(new SimTransport(pair.server, () => pair.now), ({ url }) => {
    const size = Number(new URL(url).pathname.slice(1));
    return new Response(patternBytes(1, 0, size));
  });
  const client = new H3Client(new SimTransport(pair.client, () => pair.now));
  const files = [5, 10, 500].map(async (size) => {
    const response = await client.fetch(new Request(`https://server.test/${size * kilobyte}`));
    assert.equal(response.status, 200);
    assert.deepEqual(await response.bytes(), patternBytes(1, 0, size * kilobyte));
  });
  await runUntil(pair, Promise.all(files));
  assert.equal(pair.client.connection.handshake.tls.alpn, "h3");
  expectHandshakes(tap, 1);
  assert.ok(pair.now < 1_500, `${pair.now} ms`);
});

Deno.test("blackhole: 10 MB over a link that is up for 5 s and down for 2 s, again and again", () => {
  const runner = new RunnerCase({ isShallow: true });
  for (let at = 5_000; at < 60_000; at += 7_000) runner.pair.links[0]!.outage(at, at + 2_000);
  runner.fetch([10 * megabyte]);
  expectHandshakes(runner.tap, 1);
  assert.ok(runner.pair.now > 7_000 && runner.pair.now < 16_000, `${runner.pair.now} ms`);
});

Deno.test("keyupdate: by the client, and packets of phase 1 both ways", () => {
  const runner = new RunnerCase();
  const visit = runner.connect();
  visit.app.get(3 * megabyte);
  runner.pair.run({ until: 60_000, when: () => visit.core.handshake.confirmed });
  visit.core.keys.oneRtt!.requestUpdate();
  runner.finish(visit);
  expectHandshakes(runner.tap, 1);
  for (const side of ["client", "server"] as const) {
    const phases = runner.tap.sent(side, OneRtt).filter(({ isOpen }) => isOpen)
      .map(({ keyPhase }) => keyPhase);
    assert.ok(phases.includes(0) && phases.includes(1), side);
    assert.ok(phases.filter((phase, i) => phase !== phases[i - 1]).length === 2, "one update");
  }
});

Deno.test("amplificationlimit: nine certificates, and the client's datagrams 2 to 7 are lost", async () => {
  const { certPem, keyPem } = await longChain(9, 7_500);
  const credential = Credential.fromPem(certPem, keyPem);
  const runner = new RunnerCase({ serverTls: { credential: () => credential } });
  const { world, links } = runner.pair;
  interceptBoth(
    links[0]!,
    world.network.events,
    (way, count) => way === "up" && count >= 1 && count <= 6 ? "drop" : "pass",
  );
  const heard: number[] = [];
  const before = world.network.capture!;
  let sent = 0;
  let received = 0;
  let isValidated = false;
  world.network.capture = (time, event, from, to, data) => {
    before(time, event, from, to, data);
    if (event === "deliver" && to.port === 443) {
      received += data.length;
      heard.push(time);
      // RFC 9000, Section 8.1: only the client can have made a Handshake packet.
      isValidated ||= runner.tap.sent("client", Handshake).some((packet) =>
        packet.time + 15 <= time && packet.datagramSize === data.length
      );
    }
    if (event !== "send" || to.port === 443) return;
    sent += data.length;
    if (!isValidated) assert.ok(sent <= 3 * received, `${sent} bytes for ${received} at ${time}`);
  };
  runner.fetch([5 * kilobyte]);
  expectHandshakes(runner.tap, 1);
  const crypto = runner.tap.flows.values().next().value!.text("server", Handshake).size;
  assert.ok(crypto >= 7_500, `${crypto} bytes of CRYPTO`);
});

/** 50 connections, one behind the other; the runner waits 300 s for all of them. */
function manyConnections(options: RunnerOptions): RunnerCase {
  const runner = new RunnerCase({ ...options, isShallow: true });
  const { pair, tap } = runner;
  for (let i = 0; i < 50; i++) {
    const visit = runner.connect();
    visit.app.get(kilobyte);
    runner.finish(visit);
    runner.leave(visit);
  }
  assert.equal(tap.handshakes, 50);
  assert.ok(pair.now < 300_000, `${pair.now} ms`);
  return runner;
}

Deno.test("handshakeloss: 50 of 50 with 30 % lost, up to three in a row", () => {
  const { lost } = manyConnections({ burstLoss: 0.3 });
  assert.ok(lost > 200, `${lost} lost`);
});

Deno.test("handshakecorruption: 50 of 50 with 30 % damaged", () => {
  const { damaged } = manyConnections({ link: { corrupt: 0.3 } });
  assert.ok(damaged > 200, `${damaged} damaged`);
});

Deno.test("transferloss: 2 MB with 2 % lost", () => {
  const { lost } = transfer([2 * megabyte], { burstLoss: 0.02, isShallow: true });
  assert.ok(lost > 20, `${lost} lost`);
});

Deno.test("transfercorruption: 2 MB with 2 % damaged", () => {
  const { damaged } = transfer([2 * megabyte], { link: { corrupt: 0.02 }, isShallow: true });
  assert.ok(damaged > 20, `${damaged} damaged`);
});

Deno.test("ipv6: not one packet of IPv4", () => {
  const { tap } = transfer([5 * kilobyte, 10 * kilobyte], { ipv6: true });
  for (const { from, to } of tap.packets) {
    assert.ok(from.hostname.includes(":") && to.hostname.includes(":"), formatAddress(to));
  }
});

Deno.test("v2: the client begins with version 1, the server goes over to version 2", () => {
  const runner = new RunnerCase({ server: { versions: [Version.V2, Version.V1] } });
  const { core } = runner.fetch([kilobyte]);
  const { tap } = runner;
  assert.equal(tap.handshakes, 1);
  assert.equal(tap.sent("client", Initial)[0]!.version, Version.V1);
  const answers = tap.sent("server", Initial);
  assert.ok(versionsOf(answers).has(Version.V2));
  // RFC 9369, Section 4.1: until it has all of the ClientHello, it can but acknowledge.
  const early = answers.filter(({ version }) => version === Version.V1);
  assert.equal(callsOf(early, "onCrypto").length, 0);
  for (const side of ["client", "server"] as const) {
    assert.deepEqual([...versionsOf(tap.sent(side, Handshake))], [Version.V2]);
  }
  assert.equal(core.keys.version, Version.V2);
});

/**
 * What the runner asks of an end that sends on another 4-tuple than before: to begin there with a
 * challenge, and that it is answered. Returns how many 4-tuples there were.
 */
function expectChallenges(packets: readonly WirePacket[], answers: readonly WirePacket[]): number {
  const seen = new Set<string>();
  const given = new Set(callsOf(answers, "onPathResponse").map((call) => String(call[1])));
  for (const packet of packets) {
    const tuple = `${formatAddress(packet.from)} ${formatAddress(packet.to)}`;
    if (!seen.has(tuple) && seen.size > 0) {
      const [challenge] = callsOf([packet], "onPathChallenge");
      assert.ok(challenge !== undefined, `no challenge first on ${tuple}`);
      assert.ok(given.has(String(challenge[1])), `no answer to the challenge on ${tuple}`);
    }
    seen.add(tuple);
  }
  return seen.size;
}

function rebind(to: (count: number) => { hostname?: string; port?: number }): RunnerCase {
  const runner = new RunnerCase();
  const { pair, tap } = runner;
  const visit = runner.connect();
  visit.app.get(10 * megabyte);
  for (let i = 0; i < 12; i++) {
    pair.at(1_000 + i * 5_000, () => runner.clientPort.rebind(to(i)));
  }
  runner.finish(visit);
  expectHandshakes(tap, 1);
  assert.ok(tap.packets.every(({ isOpen }) => isOpen));
  const tuples = expectChallenges(tap.sent("server"), tap.sent("client"));
  assert.ok(tuples >= 3, `${tuples} tuples`);
  return runner;
}

Deno.test("rebind-port: the server challenges each new port before it sends anything else there", () => {
  rebind((i) => ({ port: 10_000 + i }));
});

Deno.test("rebind-addr: the server challenges each new address", () => {
  const { tap } = rebind((i) => ({ port: 10_000 + i, hostname: `10.0.0.${10 + i}` }));
  assert.ok(new Set(tap.sent("server").map(({ to }) => to.hostname)).size > 1);
});

Deno.test("connectionmigration: the client goes to the preferred address under another ID", () => {
  const ipv4 = { transport: "udp", hostname: "10.0.1.2", port: 443 } as const;
  const ipv6 = { transport: "udp", hostname: "fd77::2", port: 443 } as const;
  const { tap } = transfer([2 * megabyte], {
    serverAddresses: 2,
    serverConfig: { preferredAddress: { ipv4, ipv6 } },
  });
  const packets = tap.sent("client");
  assert.equal(expectChallenges(packets, tap.sent("server")), 2);
  assert.equal(expectChallenges(tap.sent("server"), packets), 2);
  const [before, after] = ["10.0.0.2", "10.0.1.2"].map((host) =>
    new Set(packets.filter(({ to }) => to.hostname === host).map((p) => p.destinationId))
  );
  assert.ok(after!.isDisjointFrom(before!));
  assert.equal(packets.at(-1)!.to.hostname, "10.0.1.2");
});

Deno.test("goodput: 10 MB at 9.3 of 10 Mbit/s at least, five times", () => {
  const credential = Credential.fromPem(TEST_CERTIFICATE, TEST_KEY);
  for (let seed = 1; seed <= 5; seed++) {
    const options = { seed, isShallow: true, serverTls: { credential: () => credential } };
    const { pair } = transfer([10 * megabyte], options);
    const rate = 10 * megabyte * 8 / pair.now / 1_000;
    assert.ok(rate >= 9.3, `${rate.toFixed(2)} Mbit/s`);
  }
});
