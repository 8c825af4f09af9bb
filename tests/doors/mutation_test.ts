import assert from "node:assert/strict";
import { ErrorCode } from "../../src/error/error_code.ts";
import { Header, parseHeader } from "../../src/packet/header.ts";
import { Version } from "../../src/packet/version.ts";
import { writeVersionNegotiation } from "../../src/packet/version_negotiation.ts";
import { Writer } from "../../src/bytes/writer.ts";
import { firstVisit, Inbox, sendTexts, visitAgain } from "../sim/early_data.ts";
import { type End, Pair, type PairOptions } from "../sim/pair.ts";
import { expectOpen, move } from "../sim/transfers.ts";

/*
 * Before each datagram of a handshake arrives, everything arrives that an attacker on the way could
 * make of it by changing one byte. Nothing of that opens, so nothing may come of it: no exception,
 * no end of the connection, and no other connection. Both ends are logged, as logs read headers.
 */

/** What becomes of a byte: its lowest or its highest bit turned, none or all of them set. */
const changes = [
  (byte: number) => byte ^ 1,
  (byte: number) => byte ^ 0x80,
  () => 0,
  () => 0xff,
];

/** Each datagram that differs in one byte. */
function* mutations(datagram: Uint8Array): Generator<Uint8Array<ArrayBuffer>> {
  for (let at = 0; at < datagram.length; at++) {
    for (const change of changes) {
      const copy = Uint8Array.from(datagram);
      copy[at] = change(copy[at]!);
      if (copy[at] !== datagram[at]) yield copy;
    }
  }
}

/** The kinds of packets, in the order of their numbers. */
const KINDS = ["initial", "0-RTT", "handshake", "retry", "1-RTT", "version negotiation"];

/** The kinds of the packets in a datagram. */
function kindOf(datagram: Uint8Array): string {
  const header = new Header();
  const kinds: string[] = [];
  for (let at = 0; parseHeader(datagram, at, 8, header); at = header.end) {
    kinds.push(KINDS[header.type]!);
  }
  return kinds.join(", ");
}

/** Has all mutations of the first datagrams of each kind arrive; counts them. */
function mutateAll(pair: Pair, most = 3): Map<string, number> {
  const seen = new Map<string, number>();
  const tried = new Map<string, number>();
  pair.world.network.capture = (_time, event, from, to, data) => {
    if (event !== "deliver") return;
    const victim = to.port === 443 ? pair.server : pair.client;
    const kind = `${kindOf(data)} to the ${victim === pair.server ? "server" : "client"}`;
    seen.set(kind, (seen.get(kind) ?? 0) + 1);
    if (seen.get(kind)! > most) return;
    // Nothing protects a list of versions; it has a test of its own.
    if (kind.startsWith("version")) return;
    for (const mutation of mutations(data)) {
      victim.endpoint.receive(mutation, victim.host.ports[0]!, from, pair.now);
      tried.set(kind, (tried.get(kind) ?? 0) + 1);
    }
    expectAlive(victim, kind);
  };
  return tried;
}

function expectAlive({ endpoint, host }: End, kind: string): void {
  assert.ok(endpoint.connections.size <= 1, `${host.name}, ${kind}: another connection`);
  for (const { closing } of endpoint.connections) {
    assert.equal(closing.reason, undefined, `${host.name}, ${kind}: ${closing.reason?.cause}`);
  }
}

/** Fails if no packet of a kind, as said by its end, was among them. */
function expectTried(tried: Map<string, number>, kinds: readonly string[]): void {
  for (const [type, victim] of kinds.map((kind) => kind.split(" to the "))) {
    const found = [...tried].filter(([kind]) => kind.includes(type!) && kind.endsWith(victim!));
    const count = found.reduce((sum, [, times]) => sum + times, 0);
    assert.ok(count > 100, `${count} of ${type} to the ${victim}`);
  }
}

for (
  const [name, options, kinds] of [
    ["a handshake", {}, [
      "initial to the server",
      "initial to the client",
      "handshake to the server",
      "handshake to the client",
      "1-RTT to the server",
      "1-RTT to the client",
    ]],
    ["a handshake with AES", { clientTls: { suites: [0x1301] } }, ["1-RTT to the client"]],
    ["a handshake with Retry", { server: { retry: "always" } }, [
      "retry to the client",
      "initial to the server",
    ]],
    ["a handshake that changes to version 2", {
      server: { versions: [Version.V2, Version.V1] },
      client: { versions: [Version.V1, Version.V2] },
    }, ["initial to the client"]],
  ] satisfies [string, PairOptions, string[]][]
) {
  Deno.test(`Packets of ${name}, changed in any byte, change nothing`, () => {
    const pair = new Pair({ seed: 5, qlog: () => {}, ...options });
    const tried = mutateAll(pair);
    pair.start();
    move(pair, 20_000);
    expectOpen(pair);
    expectTried(tried, kinds);
  });
}

Deno.test("0-RTT packets, changed in any byte, change nothing", () => {
  const { pair, sessions } = firstVisit({ qlog: () => {} });
  const tried = mutateAll(pair);
  const visit = visitAgain(pair, { session: sessions[0]! });
  sendTexts(visit.client, ["early"]);
  pair.client.touch();
  pair.run({ until: pair.now + 2_000 });
  const inbox = new Inbox().read(visit.server);
  assert.deepEqual(inbox.all, ["early"]);
  expectTried(tried, ["0-RTT to the server"]);
  assert.equal(visit.server?.closing.reason, undefined);
});

/** A client that has sent its first Initial, and the IDs that packet bore. */
function started(): { pair: Pair; initial: Header } {
  const pair = new Pair({ seed: 6, qlog: () => {} });
  const initial = new Header();
  pair.world.network.capture = (_time, _event, _from, _to, data) => {
    parseHeader(data.slice(), 0, 8, initial);
  };
  pair.start();
  pair.run({ when: () => initial.isLong });
  return { pair, initial };
}

Deno.test("A Version Negotiation packet, changed in any byte, is passed over or ends the attempt", () => {
  const { initial } = started();
  const writer = new Writer(new Uint8Array(100));
  const versions = [0x1a2a_3a4a, Version.V1, Version.V2];
  writeVersionNegotiation(writer, initial.sourceId, initial.destinationId, versions, 0);
  let ended = 0;
  for (const mutation of mutations(writer.written())) {
    // A client of the same seed has the same IDs.
    const { pair } = started();
    const { endpoint, host, connection } = pair.client;
    endpoint.receive(mutation, host.ports[0]!, pair.serverPorts[0]!.publicAddress, pair.now);
    const { reason } = connection.closing;
    if (reason === undefined) continue;
    // RFC 9000, Section 6.2: a list without the version in use ends the attempt.
    assert.equal(reason.code, ErrorCode.VersionNegotiationError, String(reason.cause));
    ended++;
  }
  assert.ok(ended >= 4 && ended <= 16, `${ended} of the version's four bytes`);
});
