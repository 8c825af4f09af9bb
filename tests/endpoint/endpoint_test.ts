import assert from "node:assert/strict";
import { Writer } from "../../src/bytes/writer.ts";
import { ErrorCode } from "../../src/error/error_code.ts";
import { Header, parseHeader } from "../../src/packet/header.ts";
import { PacketType } from "../../src/packet/packet_type.ts";
import { SUPPORTED_VERSIONS } from "../../src/packet/version.ts";
import {
  readVersionNegotiation,
  writeVersionNegotiation,
} from "../../src/packet/version_negotiation.ts";
import { Pair } from "../sim/pair.ts";
import { expectOpen, move } from "../sim/transfers.ts";

const stranger = { transport: "udp", hostname: "10.66.6.6", port: 6_666 } as const;

/** What a server answers to one datagram from a stranger. */
function answersTo(pair: Pair, datagram: Uint8Array): Uint8Array[] {
  const answers: Uint8Array[] = [];
  pair.world.network.capture = (_time, event, _from, to, data) => {
    if (event === "send" && to.hostname === stranger.hostname) answers.push(data.slice());
  };
  pair.world.network.inject(datagram, stranger, pair.serverPorts[0]!.publicAddress);
  pair.run({ until: pair.now + 5_000 });
  return answers;
}

function longHeader(version: number, size: number, destination = 8, source = 8): Uint8Array {
  const writer = new Writer(new Uint8Array(size));
  writer.uint8(0xc3);
  writer.uint32(version);
  writer.uint8(destination);
  writer.put(new Uint8Array(destination).fill(0xdd));
  writer.uint8(source);
  writer.put(new Uint8Array(source).fill(0x55));
  return writer.bytes;
}

Deno.test("Endpoint answers an unknown version with those it speaks, and IDs swapped", () => {
  for (const [destination, source] of [[8, 8], [0, 0], [20, 0], [0, 20], [255, 255]]) {
    const datagram = longHeader(0x1a2a_3a4a, 1_200, destination, source);
    const [answer, ...more] = answersTo(new Pair(), datagram);
    assert.equal(more.length, 0);
    const header = new Header();
    assert.ok(parseHeader(answer!, 0, 8, header));
    assert.equal(header.type, PacketType.VersionNegotiation);
    assert.equal(header.destinationLength, source);
    assert.equal(header.sourceLength, destination);
    const versions = readVersionNegotiation(header)!;
    for (const version of SUPPORTED_VERSIONS) assert.ok(versions.includes(version));
    assert.ok(answer!.length < 3 * datagram.length);
  }
});

Deno.test("Endpoint does not answer small, strange or wrongly directed first packets", () => {
  const good = longHeader(1, 1_200);
  const short = longHeader(1, 1_200, 7);
  const handshake = longHeader(1, 1_200);
  handshake[0] = 0xe3;
  const negotiation = longHeader(0, 1_200);
  for (const datagram of [longHeader(0x1a2a_3a4a, 1_199), short, handshake, negotiation, good]) {
    assert.deepEqual(answersTo(new Pair(), datagram), []);
  }
});

Deno.test("Endpoint answers elsewhere though a port broke that many answers wait for", () => {
  const pair = new Pair({ serverAddresses: 2 }).connect();
  const { endpoint } = pair.server;
  const [broken, good] = pair.serverPorts;
  const busy = { address: broken!.address, buffer: undefined };
  for (let i = 0; i < 200; i++) {
    endpoint.receive(longHeader(0x1a2a_3a4a, 1_200), busy, stranger, pair.now);
  }
  endpoint.receive(longHeader(0x1a2a_3a4a, 1_200), good!, stranger, pair.now);
  assert.equal(endpoint.transmit(pair.now), undefined, "the queue is full");
  endpoint.portFailed(busy, undefined, pair.now);
  endpoint.receive(longHeader(0x1a2a_3a4a, 1_200), good!, stranger, pair.now);
  assert.equal(endpoint.transmit(pair.now)?.port, good);
});

Deno.test("Endpoint never answers Version Negotiation with Version Negotiation", () => {
  const pair = new Pair({ paths: 2 }).connect();
  const writer = new Writer(new Uint8Array(1_300));
  writeVersionNegotiation(writer, new Uint8Array(8), new Uint8Array(8), [7, 8], 0);
  writer.fill(0, 1_200 - writer.offset);
  assert.deepEqual(answersTo(pair, writer.written()), []);
});

Deno.test("A client believes a Version Negotiation packet only as the first answer", () => {
  const forge = (pair: Pair, versions: number[], source?: Uint8Array) => {
    const client = pair.client.connection;
    const writer = new Writer(new Uint8Array(65_000));
    // The client's own ID, as any observer on the way can read it.
    writeVersionNegotiation(
      writer,
      clientId!,
      source ?? client.paths.slot(0)!.remote.current,
      versions,
      0,
    );
    pair.client.endpoint.receive(
      writer.written().slice(),
      pair.clientPorts[0]!,
      pair.serverPorts[0]!.publicAddress,
      pair.now,
    );
    return client.closing.reason;
  };
  let clientId: Uint8Array | undefined;
  const begin = () => {
    const pair = new Pair();
    pair.world.network.capture = (_time, _event, from, _to, data) => {
      const header = new Header();
      if (from.port !== 443 && parseHeader(data, 0, 8, header) && header.isLong) {
        clientId ??= header.sourceId.slice();
      }
    };
    clientId = undefined;
    pair.start();
    pair.run({ until: 1 });
    return pair;
  };
  assert.equal(forge(begin(), [1, 99]), undefined, "it names the version in use");
  assert.equal(forge(begin(), [98, 99], new Uint8Array(8)), undefined, "it has another ID");
  assert.equal(forge(begin(), [98, 99])?.code, ErrorCode.VersionNegotiationError);
  const endless = forge(begin(), Array.from({ length: 16_000 }, (_, i) => 98 + i))!;
  assert.match(endless.reason, /^The server speaks other versions: 0x62,.*0x71 and 15984 more$/);
  const later = begin();
  later.run({ until: 60 });
  assert.equal(forge(later, [98, 99]), undefined, "the server has answered already");
  move(later, 5_000);
});

Deno.test("A client ignores a forged Retry, a second one, and one that comes too late [attack retry-forgery]", () => {
  const pair = new Pair();
  const { network } = pair.world;
  let client: Uint8Array | undefined;
  network.capture = (_time, event, from, _to, data) => {
    const header = new Header();
    if (event !== "send" || from.port === 443 || !parseHeader(data, 0, 8, header)) return;
    if (header.isLong) client ??= header.sourceId.slice();
  };
  pair.start();
  pair.run({ until: 1 });
  for (let at = 1; at < 200; at += 20) {
    pair.run({ until: at });
    const writer = new Writer(new Uint8Array(200));
    writer.uint8(0xf0);
    writer.uint32(1);
    writer.uint8(client!.length);
    writer.put(client!);
    writer.uint8(8);
    writer.put(new Uint8Array(8).fill(3));
    writer.put(pair.world.random.bytes(60)); // a token and a wrong integrity tag
    network.inject(
      writer.written(),
      pair.serverPorts[0]!.publicAddress,
      pair.clientPorts[0]!.publicAddress,
    );
  }
  move(pair, 5_000);
});

Deno.test("A Retry's token that is wrong is refused with INVALID_TOKEN", () => {
  const pair = new Pair({ server: { retry: "always" } });
  const { network } = pair.world;
  const client = pair.start();
  // The client proves itself from another address than the one the token was made for.
  network.capture = (_time, event, from) => {
    if (event === "deliver" && from.port === 443) pair.clientPorts[0]!.rebind();
  };
  pair.run({ until: 3_000 });
  assert.equal(client.closing.reason?.code, ErrorCode.InvalidToken);
});

Deno.test("Streams share a connection: twenty requests at once all arrive", () => {
  const pair = new Pair({ paths: 1 });
  pair.connect();
  const transfers = Array.from({ length: 20 }, () => pair.client.app.download(50_000));
  pair.run({ until: 30_000, when: () => transfers.every((each) => each.isDone) });
  expectOpen(pair);
  assert.ok(transfers.every((each) => each.isDone));
});
