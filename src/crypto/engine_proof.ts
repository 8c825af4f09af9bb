// Proves that a cryptographic engine computes and refuses what the standards demand.

import { concatBytes, equalBytes, fromHex, toHex } from "../bytes/bytes.ts";
import { type Aead, type CryptoEngine, MASK_LENGTH, TAG_LENGTH } from "./aead.ts";
import { CipherSuite, suiteParameters } from "./cipher_suite.ts";

/**
 * Puts an engine to the test for every suite it names: known answers, then forgeries.
 *
 * Returns what it did wrong, or `undefined` when it may be used.
 */
export function proveEngine(engine: CryptoEngine): string | undefined {
  for (const vector of vectors) {
    const { name } = suiteParameters(vector.suite);
    if (!engine.suites.includes(vector.suite)) return `${name} is missing`;
    try {
      const fault = proveAead(engine.aead(vector.suite, vector.key), vector) ??
        proveMask(engine, vector);
      if (fault) return `${name}: ${fault}`;
    } catch (error) {
      return `${name}: ${error}`;
    }
  }
  return undefined;
}

/** A known answer of an AEAD and of the header protection that belongs to it. */
interface Vector {
  readonly suite: CipherSuite;
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
  readonly ad: Uint8Array;
  readonly text: Uint8Array;
  /** Ciphertext and tag. */
  readonly sealed: Uint8Array;
  readonly maskKey: Uint8Array;
  readonly sample: Uint8Array;
  readonly mask: string;
}

function proveAead(aead: Aead, vector: Vector): string | undefined {
  // The buffer has a margin on both sides, as datagrams have.
  const { nonce, ad, text, sealed } = vector;
  const margin = new Uint8Array(3);
  const buffer = concatBytes(margin, ad, text, new Uint8Array(TAG_LENGTH), margin);
  const adStart = margin.length;
  const textStart = adStart + ad.length;
  const end = textStart + sealed.length;
  aead.seal(nonce, buffer, adStart, textStart, textStart + text.length);
  if (!equalBytes(buffer, concatBytes(margin, ad, sealed, margin))) return "wrong ciphertext";
  const out = new Uint8Array(text.length + 1);
  if (aead.open(nonce, buffer, adStart, textStart, end, out) !== text.length) {
    return "a genuine packet was refused";
  }
  if (!equalBytes(out.subarray(0, text.length), text)) return "wrong plaintext";
  return proveRefusal(aead, nonce, buffer, adStart, textStart, end);
}

/**
 * Flips one bit of what is authenticated, at both ends of each part, and of each byte of the tag;
 * then cuts off some of the tag, or so much that none is left. Not more: a refusal is slow in some
 * engines, and the first connection of every process waits for this.
 */
function proveRefusal(
  aead: Aead,
  nonce: Uint8Array,
  buffer: Uint8Array,
  adStart: number,
  textStart: number,
  end: number,
): string | undefined {
  const out = new Uint8Array(end);
  const tagStart = end - TAG_LENGTH;
  const flips = [adStart, textStart - 1, textStart, tagStart - 1];
  for (let i = tagStart; i < end; i++) flips.push(i);
  for (const i of flips) {
    const bit = 1 << (i & 7);
    buffer[i]! ^= bit;
    const length = aead.open(nonce, buffer, adStart, textStart, end, out);
    buffer[i]! ^= bit;
    if (length !== -1) return `a forgery at byte ${i - adStart} was taken`;
  }
  for (const cut of [end - 1, end - 4, tagStart, textStart + TAG_LENGTH - 1, textStart]) {
    if (aead.open(nonce, buffer, adStart, textStart, cut, out) !== -1) {
      return `a packet short of ${end - cut} bytes was taken`;
    }
  }
  const other = nonce.slice();
  other[0]! ^= 1;
  if (aead.open(other, buffer, adStart, textStart, end, out) !== -1) return "any nonce will do";
  if (out.some((byte) => byte !== 0)) return "forged plaintext came out";
  return undefined;
}

function proveMask(engine: CryptoEngine, vector: Vector): string | undefined {
  const out = new Uint8Array(MASK_LENGTH);
  const header = engine.headerMask(vector.suite, vector.maskKey);
  const buffer = concatBytes(new Uint8Array(1), vector.sample);
  header.mask(buffer, 1, out);
  return toHex(out) === vector.mask ? undefined : "wrong header protection mask";
}

const gcmText = fromHex(`
  d9313225f88406e5a55909c5aff5269a 86a7a9531534f7da2e4c303d8a318a72
  1c3c0c95956809532fcf0e2449a6b525 b16aedf5aa0de657ba637b39`);
const gcmKey = fromHex("feffe9928665731c6d6a8f9467308308");
const gcmNonce = fromHex("cafebabefacedbaddecaf888");
const gcmAd = fromHex("feedfacedeadbeeffeedfacedeadbeefabaddad2");

const vectors: readonly Vector[] = [
  {
    // The GCM specification, test case 4; the mask of RFC 9001, Appendix A.2.
    suite: CipherSuite.Aes128GcmSha256,
    key: gcmKey,
    nonce: gcmNonce,
    ad: gcmAd,
    text: gcmText,
    sealed: fromHex(`
      42831ec2217774244b7221b784d0d49c e3aa212f2c02a4e035c17e2329aca12e
      21d514b25466931c7d8f6a5aac84aa05 1ba30b396a0aac973d58e091
      5bc94fbc3221a5db94fae95ae7121a47`),
    maskKey: fromHex("9f50449e04a0e810283a1e9933adedd2"),
    sample: fromHex("d1b1c98dd7689fb8ec11d242b123dc9b"),
    mask: "437b9aec36",
  },
  {
    // The GCM specification, test case 16; the mask is the AES-256 block of FIPS 197.
    suite: CipherSuite.Aes256GcmSha384,
    key: concatBytes(gcmKey, gcmKey),
    nonce: gcmNonce,
    ad: gcmAd,
    text: gcmText,
    sealed: fromHex(`
      522dc1f099567d07f47f37a32a84427d 643a8cdcbfe5c0c97598a2bd2555d1aa
      8cb08e48590dbb3da7b08b1056828838 c5f61e6393ba7a0abcc9f662
      76fc6ece0f4e1768cddf8853bb2d551b`),
    maskKey: fromHex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"),
    sample: fromHex("00112233445566778899aabbccddeeff"),
    mask: "8ea2b7ca51",
  },
  {
    // RFC 8439, Section 2.8.2; the mask of RFC 9001, Appendix A.5.
    suite: CipherSuite.ChaCha20Poly1305Sha256,
    key: fromHex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"),
    nonce: fromHex("070000004041424344454647"),
    ad: fromHex("50515253c0c1c2c3c4c5c6c7"),
    text: new TextEncoder().encode(
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the " +
        "future, sunscreen would be it.",
    ),
    sealed: fromHex(`
      d31a8d34648e60db7b86afbc53ef7ec2 a4aded51296e08fea9e2b5a736ee62d6
      3dbea45e8ca9671282fafb69da92728b 1a71de0a9e060b2905d6a5b67ecd3b36
      92ddbd7f2d778b8c9803aee328091b58 fab324e4fad675945585808b4831d7bc
      3ff4def08e4b7a9de576d26586cec64b 6116
      1ae10b594f09e26a7e902ecbd0600691`),
    maskKey: fromHex("25a282b9e82f06f21f488917a4fc8f1b73573685608597d0efcb076b0ab7a7a4"),
    sample: fromHex("5e5cd55c41f69080575d7999c25a5bfb"),
    mask: "aefefe7d03",
  },
];
