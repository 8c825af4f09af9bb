import assert from "node:assert/strict";
import type { Connection } from "../../src/connection/connection.ts";
import { ErrorCode } from "../../src/error/error_code.ts";
import { Header, parseHeader } from "../../src/packet/header.ts";
import { PacketType } from "../../src/packet/packet_type.ts";
import { Version } from "../../src/packet/version.ts";
import { lending } from "../crypto/lending_engine.ts";
import { firstVisit, Inbox, sendTexts, visitAgain } from "./early_data.ts";
import { linkOf, Pair, type PairOptions } from "./pair.ts";

const { V1, V2 } = Version;

/** Every version and type of long headers that are sent from now on, with the sender's host. */
function watchHeaders(pair: Pair): Set<string> {
  const seen = new Set<string>();
  const names = ["Initial", "0-RTT", "Handshake", "Retry", "1-RTT", "Negotiation"];
  const header = new Header();
  pair.world.network.capture = (_time, event, from, _to, data) => {
    if (event !== "send") return;
    const who = from.port === 443 ? "server" : "client";
    for (let at = 0; parseHeader(data, at, 8, header); at = header.end) {
      if (!header.isLong) continue;
      const version = header.version === V2 ? "v2" : header.version === V1 ? "v1" : "other";
      seen.add(`${who} ${header.type < 0 ? "?" : names[header.type]} ${version}`);
    }
  };
  return seen;
}

function connect(options: PairOptions): { pair: Pair; seen: Set<string> } {
  const pair = new Pair(options);
  const seen = watchHeaders(pair);
  pair.connect();
  const transfer = pair.client.app.download(50_000);
  pair.run({ until: pair.now + 60_000, when: () => transfer.isDone });
  assert.ok(transfer.isDone);
  return { pair, seen };
}

/** Why the client's connection ended. */
function reasonOf(pair: Pair): NonNullable<Connection["closing"]["reason"]> {
  pair.run({ until: pair.now + 5_000, when: () => pair.client.has("closed") });
  return pair.client.connection.closing.reason!;
}

Deno.test("Version 1 is used when neither end wants anything else", () => {
  const { pair, seen } = connect({});
  assert.equal(pair.client.connection.keys.version, V1);
  assert.ok(![...seen].some((header) => header.endsWith("v2")), [...seen].join());
});

Deno.test("Version 2 from the first packet on, with all types of packets", () => {
  const client = { versions: [V2] };
  const { pair, seen } = connect({ client, server: { retry: "always" } });
  assert.equal(pair.server.connection.keys.version, V2);
  assert.deepEqual([...seen].sort(), [
    "client Handshake v2",
    "client Initial v2",
    "server Handshake v2",
    "server Initial v2",
    "server Retry v2",
  ]);
});

// RFC 9368, Section 2.3; RFC 9369, Section 4.1: the case "v2" of the interop runner.
Deno.test("A server changes a connection that began in version 1 to version 2, without a round trip", () => {
  for (const retry of ["auto", "always"] as const) {
    const pair = new Pair({ client: { versions: [V2, V1] }, server: { retry } });
    const seen = watchHeaders(pair);
    pair.start();
    const transfer = pair.client.app.download(50_000);
    pair.run({ until: 5_000, when: () => transfer.isDone });
    for (const end of [pair.client, pair.server]) assert.equal(end.connection.keys.version, V2);
    assert.ok(seen.has("client Initial v1") && seen.has("client Initial v2"));
    // RFC 9369, Section 4.1: what a server says before it has all of the ClientHello is version 1.
    assert.ok(seen.has("server Initial v2") && !seen.has("client Handshake v1"), [...seen].join());
    assert.ok(transfer.firstByteAt < (retry === "always" ? 140 : 95), `${transfer.firstByteAt} ms`);
  }
});

Deno.test("A server that prefers version 2 gets it from a client that speaks both, and no other", () => {
  const server = { versions: [V2, V1] };
  assert.equal(connect({ server }).pair.client.connection.keys.version, V2);
  const { pair } = connect({ server, client: { versions: [V1] } });
  assert.equal(pair.client.connection.keys.version, V1);
});

Deno.test("A server that prefers version 1 changes a connection of version 2 to it", () => {
  const client = { versions: [V2, V1], version: V2 };
  const { pair, seen } = connect({ client, server: { versions: [V1, V2] } });
  assert.equal(pair.client.connection.keys.version, V1);
  assert.ok(seen.has("client Initial v2") && seen.has("client Handshake v1"));
});

Deno.test("The version changes although a third of all datagrams is lost or comes late", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const link = linkOf(10, 40, { loss: 0.3, reorder: 0.2, reorderDelay: 30, keepOrder: false });
    const { pair } = connect({ seed, client: { versions: [V2, V1] }, links: [link] });
    assert.equal(pair.server.connection.keys.version, V2, `seed ${seed}`);
  }
});

// RFC 9368, Section 2.2: incompatible negotiation takes another attempt.
Deno.test("A server of version 2 only says so, and the next attempt of the client succeeds", () => {
  const server = { versions: [V2] };
  const first = new Pair({ server });
  first.start();
  const { code, mutualVersion } = reasonOf(first);
  assert.equal(code, ErrorCode.VersionNegotiationError);
  assert.equal(mutualVersion, V2);
  const { pair } = connect({
    server,
    client: { version: mutualVersion!, versionNegotiated: true },
  });
  assert.equal(pair.client.connection.keys.version, V2);
});

Deno.test("Without a version in common there is a clear error", () => {
  const pair = new Pair({ server: { versions: [V1] }, client: { versions: [V2] } });
  pair.start();
  const reason = reasonOf(pair);
  assert.equal(reason.mutualVersion, undefined);
  assert.match(reason.reason, /other versions: .*0x1/);
});

// RFC 9368, Section 4: the attacker makes a client of both believe the server speaks v1 only.
Deno.test("A client that was lied to in Version Negotiation finds out [attack version-downgrade]", () => {
  const options = { client: { versions: [V2, V1], version: V1, versionNegotiated: true } };
  const pair = new Pair(options);
  pair.start();
  assert.equal(reasonOf(pair).code, ErrorCode.VersionNegotiationError);
});

Deno.test("A Version Negotiation packet that names the client's version, or comes late, is ignored [attack version-downgrade]", () => {
  for (
    const [versions, after, retry] of [
      [[V2, V1], 0, "auto"],
      [[V2], 60, "auto"],
      [[V2], 200, "auto"],
      [[V2], 60, "always"], // behind a Retry
    ] as const
  ) {
    const pair = new Pair({ server: { retry } });
    const header = new Header();
    let forged: Uint8Array | undefined;
    pair.world.network.capture = (_time, _event, from, _to, data) => {
      if (from.port === 443 || !parseHeader(data, 0, 8, header) || !header.isLong) return;
      const list = versions.flatMap((v) => [v >>> 24, (v >>> 16) & 255, (v >>> 8) & 255, v & 255]);
      const { sourceId, destinationId } = header;
      forged = Uint8Array.of(
        0xc0,
        0,
        0,
        0,
        0,
        sourceId.length,
        ...sourceId,
        destinationId.length,
        ...destinationId,
        ...list,
      );
    };
    pair.start();
    pair.run({ until: after });
    pair.world.network.inject(
      forged!,
      pair.serverPorts[0]!.publicAddress,
      pair.clientPorts[0]!.publicAddress,
    );
    pair.run({ until: 1_000 });
    assert.ok(pair.client.connection.handshake.confirmed && pair.client.connection.closing.open);
  }
});

// RFC 9369, Section 5: tickets and tokens belong to the version that was agreed on.
Deno.test("A session of version 2 resumes in version 2, with 0-RTT data, and not in version 1", () => {
  const { pair, sessions } = firstVisit({ client: { versions: [V2, V1] } });
  assert.equal(sessions[0]!.version, V2);
  const visit = visitAgain(pair, { session: sessions[0] });
  const seen = watchHeaders(pair);
  sendTexts(visit.client, ["early"]);
  pair.run({ until: pair.now + 1_000 });
  assert.deepEqual(new Inbox().read(visit.server).all, ["early"]);
  assert.equal(visit.client.handshake.tls.isEarlyDataAccepted, true);
  assert.ok(seen.has("client 0-RTT v2"));
  const forged = { ...sessions[1]!, version: V1 };
  const other = visitAgain(pair, { session: forged });
  pair.run({ until: pair.now + 1_000 });
  assert.ok(other.client.handshake.complete && !other.client.handshake.tls.isResumed);
});

// RFC 9369, Section 4.1: 0-RTT packets have the version that the client began with.
Deno.test("0-RTT data of version 1 are read although the server changes to version 2", () => {
  // A client that speaks version 1 alone gets a session of it from a server that prefers 2.
  const { pair, sessions } = firstVisit({
    server: { versions: [V2, V1] },
    client: { versions: [V1] },
  });
  const visit = visitAgain(pair, { session: sessions[0] });
  const seen = watchHeaders(pair);
  sendTexts(visit.client, ["early", "data"]);
  pair.run({ until: pair.now + 1_000 });
  assert.deepEqual(new Inbox().read(visit.server).all, ["early", "data"]);
  assert.equal(visit.client.handshake.tls.isEarlyDataAccepted, true);
  assert.equal(visit.client.keys.version, V2);
  assert.ok(seen.has("client 0-RTT v1") && seen.has("client Handshake v2"));
});

Deno.test("PacketType of version 2 is told by its header alone", () => {
  const header = new Header();
  const { pair } = connect({ client: { versions: [V2] } });
  assert.equal(pair.client.connection.keys.original, V2);
  const bytes = new Uint8Array(1_200);
  bytes.set([0xd0, 0x6b, 0x33, 0x43, 0xcf, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0x44, 0x00]);
  assert.ok(parseHeader(bytes, 0, 8, header));
  assert.equal(header.type, PacketType.Initial);
});

Deno.test("Initial keys that others replace are released, after a Retry and a change of version", () => {
  const held = (options: PairOptions) => {
    const engine = lending();
    const pair = new Pair({ ...options, engine }).connect();
    pair.run({ until: pair.now + 1_000 });
    return engine.lent.size;
  };
  const plain = held({});
  assert.equal(held({ server: { retry: "always" } }), plain, "Retry");
  assert.equal(held({ client: { versions: [V2, V1] } }), plain, "another version");
});
