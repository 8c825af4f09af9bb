import assert from "node:assert/strict";
import { concatBytes, fromHex, toHex } from "../../src/bytes/bytes.ts";
import { type CryptoEngine, TAG_LENGTH } from "../../src/crypto/aead.ts";
import { CipherSuite } from "../../src/crypto/cipher_suite.ts";
import { expandLabel, extract } from "../../src/crypto/hkdf.ts";
import { InitialKeys } from "../../src/crypto/initial_keys.ts";
import { keyLabels, VERSION_1, VERSION_2 } from "../../src/crypto/key_labels.ts";
import { nobleEngine } from "../../src/crypto/noble_engine.ts";
import { nodeEngine } from "../../src/crypto/node_engine.ts";
import {
  PacketKeys,
  type PacketSealer,
  type PacketUnsealer,
  writeNonce,
} from "../../src/crypto/packet_keys.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";
import { isRetryGenuine, retryTag } from "../../src/crypto/retry_tag.ts";
import { sample as sample1 } from "./rfc9001_vectors.ts";
import { sample as sample2 } from "./rfc9369_vectors.ts";

const engines = [nodeEngine, nobleEngine];
const editions = [
  { version: VERSION_1, sample: sample1, text: "RFC 9001" },
  { version: VERSION_2, sample: sample2, text: "RFC 9369" },
];

for (const { version, sample, text } of editions) {
  Deno.test(`keyLabels() leads to the Initial keys of ${text}`, () => {
    const labels = keyLabels(version);
    const salt = version === VERSION_1
      ? "38762cf7f55934b34d179ae6a4c80cadccbb7f0a"
      : "0dede3def700a6db819381be6e269dcbf9bd2ed9";
    const secret = extract("sha256", fromHex(salt), sample.destinationId);
    assert.equal(toHex(secret), sample.initialSecret);
    const client = expandLabel("sha256", secret, "client in");
    const server = expandLabel("sha256", secret, "server in");
    assert.equal(toHex(client), sample.clientSecret);
    assert.equal(toHex(server), sample.serverSecret);
    const none = new Uint8Array(0);
    const derive = (from: Uint8Array, label: string, length: number) =>
      toHex(expandLabel("sha256", from, label, none, length));
    assert.equal(derive(client, labels.key, 16), sample.clientKey);
    assert.equal(derive(client, labels.iv, 12), sample.clientIv);
    assert.equal(derive(client, labels.hp, 16), sample.clientHp);
    assert.equal(derive(server, labels.key, 16), sample.serverKey);
    assert.equal(derive(server, labels.iv, 12), sample.serverIv);
    assert.equal(derive(server, labels.hp, 16), sample.serverHp);
    assert.equal(derive(sample.chachaSecret, labels.key, 32), sample.chachaKey);
    assert.equal(derive(sample.chachaSecret, labels.iv, 12), sample.chachaIv);
    assert.equal(derive(sample.chachaSecret, labels.hp, 32), sample.chachaHp);
    assert.equal(derive(sample.chachaSecret, labels.ku, 32), sample.chachaKu);
  });

  for (const engine of engines) {
    Deno.test(`new InitialKeys() protects the samples of ${text} with ${engine.name}`, () => {
      const keys = new InitialKeys(engine, version, sample.destinationId);
      const clientPayload = new Uint8Array(1162);
      clientPayload.set(sample.clientPayload);
      checkBothWays(keys.client, sample.clientHeader, 4, clientPayload, 2, sample.clientPacket);
      checkBothWays(
        keys.server,
        sample.serverHeader,
        2,
        sample.serverPayload,
        1,
        sample.serverPacket,
      );
    });

    Deno.test(`PacketKeys protects the short header of ${text} with ${engine.name}`, () => {
      const keys = chachaKeys(engine, version, sample.chachaSecret);
      const ping = new Uint8Array([1]);
      const { chachaHeader, chachaNumber, chachaPacket } = sample;
      checkBothWays(keys, chachaHeader, 3, ping, chachaNumber, chachaPacket);
    });

    Deno.test(`retryTag() makes and knows the tag of ${text} with ${engine.name}`, () => {
      const { retryPacket, destinationId } = sample;
      const body = retryPacket.subarray(0, -TAG_LENGTH);
      const tag = retryTag(engine, version, destinationId, body);
      assert.deepEqual(tag, retryPacket.slice(-TAG_LENGTH));
      assert.ok(isRetryGenuine(engine, version, destinationId, retryPacket));
      const other = version === VERSION_1 ? VERSION_2 : VERSION_1;
      assert.ok(!isRetryGenuine(engine, other, destinationId, retryPacket));
      assert.ok(!isRetryGenuine(engine, version, destinationId.subarray(1), retryPacket));
      for (let i = 0; i < retryPacket.length; i++) {
        const forged = retryPacket.slice();
        forged[i]! ^= 0x10;
        assert.ok(!isRetryGenuine(engine, version, destinationId, forged), `byte ${i}`);
        assert.ok(!isRetryGenuine(engine, version, destinationId, retryPacket.subarray(0, i)));
      }
    });

    Deno.test(`PacketKeys.open() refuses every flipped bit, ${text}, ${engine.name}`, () => {
      const keys = new InitialKeys(engine, version, sample.destinationId).server;
      const { serverHeader, serverPayload } = sample;
      const packet = concatBytes(serverHeader, serverPayload, new Uint8Array(TAG_LENGTH));
      const start = serverHeader.length;
      const end = keys.seal(packet, 0, start, start + serverPayload.length, 0, 1);
      const out = new Uint8Array(200);
      for (let bit = 0; bit < packet.length * 8; bit++) {
        packet[bit >>> 3]! ^= 1 << (bit & 7);
        assert.equal(keys.open(packet, 0, start, end, 0, 1, out), -1, `bit ${bit}`);
        packet[bit >>> 3]! ^= 1 << (bit & 7);
      }
      for (let cut = 0; cut <= end; cut++) {
        const expected = cut === end ? serverPayload.length : -1;
        if (cut < end) assert.deepEqual(out, new Uint8Array(200));
        assert.equal(keys.open(packet, 0, start, cut, 0, 1, out), expected);
      }
      for (const [pathId, number] of [[1, 1], [0, 2], [0, 2 ** 32 + 1], [2 ** 31, 1]] as const) {
        assert.equal(keys.open(packet, 0, start, end, pathId, number, out), -1);
      }
    });
  }
}

Deno.test("new InitialKeys() refuses a version that does not exist", () => {
  assert.throws(() => new InitialKeys(nodeEngine, 0x1a2a3a4a, new Uint8Array(8)), RangeError);
  assert.throws(() => retryTag(nodeEngine, 0, new Uint8Array(8), new Uint8Array(9)), RangeError);
});

Deno.test("writeNonce() gives the example of MPQUIC, Section 2.4 [MPQUIC 2.4 nonce]", () => {
  const nonce = new Uint8Array(12);
  writeNonce(fromHex("6b26114b9cba2b63a9e8dd4f"), 3, 54321, nonce);
  assert.equal(toHex(nonce), "6b2611489cba2b63a9e8097e");
});

Deno.test("writeNonce() gives the nonces of RFC 9001, Appendix A.5 and RFC 9369", () => {
  for (const sample of [sample1, sample2]) {
    const nonce = new Uint8Array(12);
    writeNonce(fromHex(sample.chachaIv), 0, sample.chachaNumber, nonce);
    assert.equal(toHex(nonce), sample.chachaNonce);
  }
});

Deno.test("writeNonce() agrees with whole-number arithmetic at every size", () => {
  const random = new SeededRandom(11);
  const iv = random.bytes(12);
  const ivNumber = BigInt("0x" + toHex(iv));
  const nonce = new Uint8Array(12);
  for (let i = 0; i < 3_000; i++) {
    const pathId = random.below(2 ** 32) >>> random.below(32);
    const number = Math.floor(random.below(2 ** 32) * 2 ** (random.below(54) - 32));
    writeNonce(iv, pathId, number, nonce);
    const expected = ivNumber ^ (BigInt(pathId) << 64n) ^ BigInt(number);
    assert.equal(BigInt("0x" + toHex(nonce)), expected, `path ${pathId}, number ${number}`);
  }
});

Deno.test("writeNonce() never repeats over paths and numbers [attack nonce-reuse] [MPQUIC 2.4 nonce]", () => {
  const iv = new SeededRandom(5).bytes(12);
  const parts = [0, 1, 2, 3, 255, 256, 65_535, 65_536, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];
  const numbers = [...parts, 2 ** 32, 2 ** 32 + 1, 2 ** 40, 2 ** 52, 2 ** 53 - 1];
  for (let i = 4; i < 300; i++) numbers.push(i * 1_000_003);
  const seen = new Set<string>();
  const nonce = new Uint8Array(12);
  for (const pathId of parts) {
    for (const number of numbers) {
      writeNonce(iv, pathId, number, nonce);
      seen.add(toHex(nonce));
    }
  }
  assert.equal(seen.size, parts.length * numbers.length);
});

for (const engine of engines) {
  for (const suite of Object.values(CipherSuite)) {
    Deno.test(`PacketKeys.next() changes keys and keeps the mask, ${engine.name}, ${suite}`, () => {
      const secret = new SeededRandom(suite).bytes(48);
      const keys = new PacketKeys(engine, suite, secret, keyLabels(VERSION_1));
      const next = keys.next();
      const same = new PacketKeys(
        engine,
        suite,
        expandLabel(keys.suite.hash, secret, "quic ku"),
        keyLabels(VERSION_1),
      );
      const packet = new SeededRandom(1).bytes(100);
      const text = packet.slice(10, 84);
      const mask = keys.headerMask(packet, 20).slice();
      assert.deepEqual(next.headerMask(packet, 20), mask);
      assert.notDeepEqual(same.headerMask(packet, 20), mask);
      assert.equal(next.seal(packet, 0, 10, 84, 2, 77), 100);
      const out = new Uint8Array(74);
      assert.equal(keys.open(packet, 0, 10, 100, 2, 77, out), -1);
      assert.equal(same.open(packet, 0, 10, 100, 2, 77, out), 74);
      assert.deepEqual(out, text);
    });
  }
}

function chachaKeys(engine: CryptoEngine, version: number, secret: Uint8Array): PacketKeys {
  return new PacketKeys(engine, CipherSuite.ChaCha20Poly1305Sha256, secret, keyLabels(version));
}

/** Protects a packet by hand and compares it, then takes the protection off again. */
function checkBothWays(
  keys: PacketSealer & PacketUnsealer,
  header: Uint8Array,
  numberSize: number,
  payload: Uint8Array,
  number: number,
  expected: Uint8Array,
): void {
  const packet = concatBytes(header, payload, new Uint8Array(TAG_LENGTH));
  const start = header.length;
  const end = keys.seal(packet, 0, start, start + payload.length, 0, number);
  assert.equal(end, packet.length);
  applyMask(keys, packet, start - numberSize, numberSize);
  assert.equal(toHex(packet), toHex(expected));
  applyMask(keys, packet, start - numberSize, numberSize);
  assert.deepEqual(packet.subarray(0, start), header);
  const out = new Uint8Array(payload.length + 5);
  assert.equal(keys.open(packet, 0, start, end, 0, number, out), payload.length);
  assert.deepEqual(out.slice(0, payload.length), payload);
}

/** RFC 9001, Section 5.4.1; the same operation protects and reveals. */
function applyMask(
  keys: PacketSealer,
  packet: Uint8Array,
  numberStart: number,
  numberSize: number,
): void {
  const mask = keys.headerMask(packet, numberStart + 4);
  packet[0]! ^= mask[0]! & ((packet[0]! & 0x80) !== 0 ? 0x0f : 0x1f);
  for (let i = 0; i < numberSize; i++) packet[numberStart + i]! ^= mask[1 + i]!;
}
