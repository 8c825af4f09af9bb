import assert from "node:assert/strict";
import { deflateSync } from "node:zlib";
import { Writer } from "../../src/bytes/writer.ts";
import { Level } from "../../src/crypto/level.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";
import { TransportError } from "../../src/error/quic_error.ts";
import { Alert } from "../../src/tls/code/alert.ts";
import {
  CertificateCompression,
  compressCertificate,
  decompressCertificate,
  decompressions,
  readCompressions,
} from "../../src/tls/message/certificate_compression.ts";
import { readCertificate, writeCertificate } from "../../src/tls/message/certificate_message.ts";
import { ExtensionType, MessageType } from "../../src/tls/code/code_point.ts";
import { Credential } from "../../src/tls/credential.ts";
import { assertAgreed } from "./outcome.ts";
import { issued, Pair } from "./pair.ts";

const { Brotli, Zlib } = CertificateCompression;

/** A certificate with its authority's behind it. */
function longCredential(): Credential {
  const { certPem, keyPem, caPem } = issued("RSA-2048");
  return Credential.fromPem(certPem + caPem, keyPem);
}

/** A message as a peer may send it, whatever it says of itself. */
function message(algorithm: number, length: number, data: Uint8Array): Uint8Array {
  const writer = new Writer(new Uint8Array(data.length + 12));
  writer.uint8(MessageType.CompressedCertificate);
  const sizes = [data.length + 8, length, data.length];
  const [whole, unpacked, packed] = sizes.map((size) => [size >>> 16, size >>> 8, size]);
  for (const byte of whole!) writer.uint8(byte & 0xff);
  writer.uint16(algorithm);
  for (const byte of [...unpacked!, ...packed!]) writer.uint8(byte & 0xff);
  writer.put(data);
  return writer.written();
}

function alertOf(bytes: Uint8Array): number {
  try {
    decompressCertificate(bytes);
  } catch (error) {
    assert.ok(error instanceof TransportError, String(error));
    return error.code - 0x100;
  }
  assert.fail("It was taken");
}

Deno.test("decompressCertificate() gives back what compressCertificate() took", () => {
  const { chain } = longCredential();
  const plain = writeCertificate(chain);
  for (const algorithm of decompressions) {
    const packed = compressCertificate(plain, algorithm);
    assert.ok(packed.length < 0.9 * plain.length, `${packed.length} of ${plain.length}`);
    assert.deepEqual(decompressCertificate(packed), plain);
    assert.deepEqual(readCertificate(decompressCertificate(packed)), chain);
  }
});

Deno.test("decompressCertificate() refuses what does not unpack to what it says", () => {
  const body = writeCertificate([new Uint8Array(1_000)]).subarray(4);
  const data = deflateSync(body);
  assert.equal(decompressCertificate(message(Zlib, body.length, data)).length, body.length + 4);
  for (const length of [0, 1, body.length - 1, body.length + 1, 0xffff, 0xffffff]) {
    assert.equal(alertOf(message(Zlib, length, data)), Alert.BadCertificate, `${length}`);
  }
  assert.equal(alertOf(message(Brotli, body.length, data)), Alert.IllegalParameter);
  const packed = message(Zlib, body.length, data);
  assert.throws(() => decompressCertificate(packed, []), /was not offered/);
  assert.equal(alertOf(message(3, body.length, data)), Alert.IllegalParameter);
  assert.equal(alertOf(message(0, body.length, body)), Alert.IllegalParameter);
  for (let cut = 0; cut < data.length; cut++) {
    const part = data.subarray(0, cut);
    assert.equal(alertOf(message(Zlib, body.length, part)), Alert.BadCertificate, `${cut}`);
  }
});

Deno.test("decompressCertificate() never unpacks more than the limit of a message", () => {
  const bomb = deflateSync(new Uint8Array(50_000_000));
  assert.ok(bomb.length < 60_000);
  const before = performance.now();
  for (const length of [65_532, 0xffffff]) {
    assert.equal(alertOf(message(Zlib, length, bomb)), Alert.BadCertificate);
  }
  assert.ok(performance.now() - before < 1_000);
});

Deno.test("decompressCertificate() throws nothing but alerts at random bytes", () => {
  const random = new SeededRandom(1);
  for (let i = 0; i < 2_000; i++) {
    const data = random.bytes(random.below(100));
    const bytes = message(Zlib, 1 + random.below(500), data);
    assert.equal(alertOf(bytes), Alert.BadCertificate);
  }
});

Deno.test("readCompressions() reads a list, and refuses one that is cut", () => {
  const read = (...body: number[]): readonly number[] =>
    readCompressions(new Map([[ExtensionType.CompressCertificate, Uint8Array.from(body)]]));
  assert.deepEqual(read(4, 0, 2, 0, 1), [Brotli, Zlib]);
  assert.deepEqual(readCompressions(new Map()), []);
  for (const body of [[], [0], [1, 0], [2, 0], [2, 0, 2, 9], [3, 0, 2, 0]]) {
    assert.throws(() => read(...body), /cut|1 bytes too many|beyond the end/);
  }
});

Deno.test("Credential.certificateMessage() uses what the peer takes, if it is shorter", () => {
  const credential = longCredential();
  const algorithmOf = (taken: number[]): number => {
    const bytes = credential.certificateMessage(taken);
    assert.equal(credential.certificateMessage(taken), bytes);
    return bytes[0] === MessageType.CompressedCertificate ? (bytes[4]! << 8) | bytes[5]! : 0;
  };
  assert.equal(algorithmOf([Zlib, Brotli]), Brotli);
  assert.equal(algorithmOf([3, Zlib]), Zlib);
  assert.equal(algorithmOf([3]), 0);
  assert.equal(algorithmOf([]), 0);
});

Deno.test("a handshake with a long chain shows it compressed", () => {
  const credential = longCredential();
  let data = new Uint8Array(0);
  const pair = new Pair({
    keyType: "RSA-2048",
    server: { credential: () => credential },
    tamper: (flight, fromClient) => {
      if (!fromClient && flight.level === Level.Handshake) data = flight.data.slice();
      return flight.data;
    },
  });
  pair.run();
  assertAgreed(pair);
  assert.equal(pair.client.peerCertificates?.length, 2);
  const types: number[] = [];
  for (let at = 0; at < data.length;) {
    const [type, high, middle, low] = data.subarray(at, at + 4);
    types.push(type!);
    at += 4 + (high! << 16) + (middle! << 8) + low!;
  }
  assert.deepEqual(types, [
    MessageType.EncryptedExtensions,
    MessageType.CompressedCertificate,
    MessageType.CertificateVerify,
    MessageType.Finished,
  ]);
});
