import assert from "node:assert/strict";
import fc from "fast-check";
import type { Ecn } from "../../src/bytes/ecn.ts";
import { CipherSuite, suiteParameters } from "../../src/crypto/cipher_suite.ts";
import { nobleEngine } from "../../src/crypto/noble_engine.ts";
import { boundAddress, openDescriptor } from "../../src/io/native/descriptor.ts";
import { Incoming } from "../../src/io/native/incoming.ts";
import { Errno, type Libc, libc } from "../../src/io/native/libc.ts";
import { OutgoingSlab } from "../../src/io/native/outgoing_slab.ts";
import { encodeName, Family, PeerTable } from "../../src/io/native/socket_address.ts";
import { libcWith, whyNotNative } from "../io/native/tier.ts";
import { Pair } from "../sim/pair.ts";
import { hostile } from "./bytes.ts";
import { engine } from "./engine.ts";
import { samples } from "./packet_targets.ts";
import type { Target } from "./target.ts";

const LOCALHOST = "127.0.0.1";
/** Where `Incoming` has its first message, and its parts. */
const LAYOUT = { header: 0, name: 640, control: 896, message: 1_920 };
const MESSAGE_SIZE = 65_536;
const CONTROL_ROOM = 128;

/** A control message near to what the kernel writes: length, level, type and value. */
const control = fc.tuple(
  fc.oneof(fc.constantFrom(0, 15, 16, 17, 18, 20, 28, 36, 0xffff_fff8), fc.nat(200)),
  fc.constantFrom(0, 1, 17, 41, 0xffff_ffff),
  fc.constantFrom(1, 8, 50, 67, 104, 29),
  fc.oneof(fc.constantFrom(0, 1, 1_200, 65_535, 65_536, 0xffff_ffff), fc.nat(3_000)),
);

/** What the kernel might say about a message, and then some. */
const message = fc.record({
  length: fc.oneof(fc.constantFrom(0, 1, 65_535, 65_536, 0xffff_ffff), fc.nat(70_000)),
  controls: fc.array(control, { maxLength: 6 }),
  controlLength: fc.option(fc.oneof(fc.nat(200), fc.constant(0xffff_ffff)), { nil: undefined }),
  nameLength: fc.constantFrom(0, 16, 28, 128),
  flags: fc.constantFrom(0, 0, 0, 8, 0x20, 0x28, 0x2000),
});
type Message = typeof message extends fc.Arbitrary<infer Value> ? Value : never;

/** A datagram to one of two connection IDs. */
interface Sent {
  readonly bytes: Uint8Array;
  readonly isSameId: boolean;
  readonly mark: number;
}

const datagrams = fc.array(
  fc.record<Sent>({ bytes: hostile(samples, 1_400), isSameId: fc.boolean(), mark: fc.nat(3) }),
  { minLength: 1, maxLength: 40, size: "max" },
);

const suites = Object.values(CipherSuite);
/** Every size about the borders of blocks, and any up to that of the largest datagram. */
const length = fc.oneof(fc.nat(80), fc.nat(1_500), fc.constantFrom(16_384, 65_534, 65_535));

/** What reads and writes the memory of the system; none where its libraries are not called. */
export const nativeTargets: readonly Target[] = whyNotNative !== undefined ? [] : [
  {
    name: "Messages of the kernel come apart within their memory, whatever stands in them",
    runs: 2_000,
    property: fc.property(message, takeMessage),
  },
  {
    name:
      "Datagrams come through memory of the system as they were sent, and disturb no connection",
    runs: 100,
    property: fc.property(datagrams, carry),
  },
  {
    name: "Text of every length is sealed as by another engine, and opened unless it was changed",
    runs: 1_000,
    property: fc.property(
      fc.constantFrom(...suites),
      fc.nat(60),
      length,
      fc.nat(255),
      fc.nat(200_000),
      sealAndOpen,
    ),
  },
];

function takeMessage(message: Message): void {
  let slab = new Uint8Array();
  const incoming = new Incoming(libcWith({
    placeOf(buffer: Uint8Array<ArrayBuffer>) {
      slab = buffer;
      return (libc as Libc).placeOf(buffer);
    },
    receiveMessages: () => write(slab, message),
    errno: Errno.EAGAIN,
  }));
  let end = slab.byteOffset + LAYOUT.message;
  let total = 0;
  incoming.receive(-1, new PeerTable(Family.V4), (datagram, remote, mark) => {
    assert.equal(datagram.byteOffset, end, "one lies behind the other");
    end += datagram.length;
    total += datagram.length;
    assert.ok(mark >= 0 && mark <= 3);
    assert.equal(remote.transport, "udp");
    return true;
  });
  const isDropped = (message.flags & 0x20) !== 0 || message.nameLength === 0;
  assert.equal(total, isDropped ? 0 : Math.min(message.length, MESSAGE_SIZE));
}

function write(slab: Uint8Array, message: Message): number {
  const view = new DataView(slab.buffer, slab.byteOffset, slab.length);
  let at = LAYOUT.control;
  for (const [size, level, type, value] of message.controls) {
    if (at + 20 > LAYOUT.control + CONTROL_ROOM) break;
    [size, 0, level, type, value].forEach((word, i) => view.setUint32(at + 4 * i, word, true));
    at += Math.max(24, Math.min(size, 64) + 7 & ~7);
  }
  slab.set(encodeName({ transport: "udp", hostname: LOCALHOST, port: 7 }, Family.V4)!, LAYOUT.name);
  view.setUint32(LAYOUT.header + 8, message.nameLength, true);
  view.setUint32(LAYOUT.header + 40, message.controlLength ?? at - LAYOUT.control, true);
  view.setUint32(LAYOUT.header + 48, message.flags, true);
  view.setUint32(LAYOUT.header + 56, message.length, true);
  return 1;
}

/** Sends datagrams over loopback in runs, and gives what comes to an endpoint, where it lies. */
function carry(sent: readonly Sent[]): void {
  const library = libc as Libc;
  const descriptors = [
    openDescriptor(library, LOCALHOST, 0),
    openDescriptor(library, LOCALHOST, 0),
  ];
  try {
    const [from, to] = descriptors as [number, number];
    const address = boundAddress(library, to);
    const slab = new OutgoingSlab(library);
    const ids = [new Uint8Array(8), new Uint8Array(8)];
    for (const { bytes, isSameId, mark } of sent) {
      slab.buffer!.set(bytes);
      slab.add(bytes.length, address, mark as Ecn, ids[isSameId ? 0 : 1]);
    }
    const name = encodeName(address, Family.V4)!;
    while (!slab.isEmpty) {
      const count = slab.runLength();
      assert.equal(slab.send(library, from, count, name, Family.V4), 0);
      slab.drop(count);
    }
    receive(to, sent);
  } finally {
    for (const descriptor of descriptors) library.close(descriptor);
  }
}

function receive(descriptor: number, sent: readonly Sent[]): void {
  const pair = new Pair({ engine }).connect();
  const { endpoint, host, connection } = pair.server;
  const incoming = new Incoming(libc as Libc);
  const peers = new PeerTable(Family.V4);
  const port = host.ports[0]!;
  const remote = pair.client.host.ports[0]!.publicAddress;
  let count = 0;
  for (let tries = 0; count < sent.length && tries < 1_000; tries++) {
    incoming.receive(descriptor, peers, (datagram, _remote, mark) => {
      const { bytes, mark: sentMark } = sent[count++]!;
      assert.deepEqual([...datagram], [...bytes]);
      assert.equal(mark, sentMark);
      endpoint.receive(datagram, port, remote, pair.now, mark);
      return true;
    });
  }
  assert.equal(count, sent.length);
  pair.run({ until: pair.now + 100 });
  assert.ok(connection.closing.open, connection.closing.reason?.reason);
}

function sealAndOpen(
  suite: CipherSuite,
  adLength: number,
  length: number,
  fill: number,
  change: number,
): void {
  const key = new Uint8Array(suiteParameters(suite).keyLength).fill(fill ^ 0x55);
  const nonce = new Uint8Array(12).fill(fill);
  const aead = engine.aead(suite, key);
  const end = adLength + length;
  const buffer = new Uint8Array(end + 16 + 8).fill(fill);
  const right = buffer.slice();
  aead.seal(nonce, buffer, 0, adLength, end);
  nobleEngine.aead(suite, key).seal(nonce, right, 0, adLength, end);
  assert.ok(buffer.every((byte, i) => byte === right[i]), "as by another engine");
  const out = new Uint8Array(length + 8).fill(fill ^ 0xaa);
  assert.equal(aead.open(nonce, buffer, 0, adLength, end + 16, out), length);
  assert.ok(out.subarray(0, length).every((byte) => byte === fill));
  assert.ok(out.subarray(length).every((byte) => byte === (fill ^ 0xaa)), "nothing behind it");
  buffer[change % (end + 16)]! ^= 1 + change % 255;
  assert.equal(aead.open(nonce, buffer, 0, adLength, end + 16, out), -1);
}
