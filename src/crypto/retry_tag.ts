// The integrity tag of a Retry packet.

import { equalSecrets, fromHex } from "../bytes/bytes.ts";
import { type Aead, type CryptoEngine, TAG_LENGTH } from "./aead.ts";
import { CipherSuite } from "./cipher_suite.ts";
import { keyLabels, VERSION_2 } from "./key_labels.ts";

// RFC 9001, Section 5.8 and RFC 9369, Section 3.3.3: these keys are public.
const key1 = fromHex("be0c690b9f66575a1d766b54e368c84e");
const nonce1 = fromHex("461599d35d632bf2239825bb");
const key2 = fromHex("8fb4b01b56ac48e260fbcbcead7ccc92");
const nonce2 = fromHex("d86969bc2d7c6d9990efb04a");

/**
 * The integrity tag of a Retry packet (RFC 9001, Section 5.8).
 *
 * @param packet The Retry packet without its tag.
 * @param originalId The Destination Connection ID of the Initial that is answered.
 */
export function retryTag(
  engine: CryptoEngine,
  version: number,
  originalId: Uint8Array,
  packet: Uint8Array,
): Uint8Array<ArrayBuffer> {
  keyLabels(version); // refuses versions that have no Retry key
  const isVersion2 = version === VERSION_2;
  const aead: Aead = engine.aead(CipherSuite.Aes128GcmSha256, isVersion2 ? key2 : key1);
  const end = 1 + originalId.length + packet.length;
  const pseudoPacket = new Uint8Array(end + TAG_LENGTH);
  pseudoPacket[0] = originalId.length;
  pseudoPacket.set(originalId, 1);
  pseudoPacket.set(packet, 1 + originalId.length);
  aead.seal(isVersion2 ? nonce2 : nonce1, pseudoPacket, 0, end, end);
  aead.release?.();
  return pseudoPacket.slice(end);
}

/** Whether a whole Retry packet ends in the tag that belongs to it. */
export function isRetryGenuine(
  engine: CryptoEngine,
  version: number,
  originalId: Uint8Array,
  packet: Uint8Array,
): boolean {
  const tagStart = packet.length - TAG_LENGTH;
  if (tagStart < 0) return false;
  const tag = retryTag(engine, version, originalId, packet.subarray(0, tagStart));
  return equalSecrets(tag, packet.subarray(tagStart));
}
