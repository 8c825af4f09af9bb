// Reads and writes Retry packets.

import { equalBytes } from "../bytes/bytes.ts";
import type { Writer } from "../bytes/writer.ts";
import type { CryptoEngine } from "../crypto/aead.ts";
import { isRetryGenuine, retryTag } from "../crypto/retry_tag.ts";
import type { Header } from "./header.ts";
import { PacketType } from "./packet_type.ts";
import { longTypeBits } from "./version.ts";

/**
 * Writes a Retry packet with its tag (RFC 9000, Section 17.2.5).
 *
 * @param destinationId The source ID of the Initial that is answered.
 * @param sourceId The new ID that the client shall send to.
 * @param originalId The destination ID of the Initial that is answered.
 * @param unused Any byte; its four low bits fill the unused ones of the header.
 */
export function writeRetry(
  writer: Writer,
  engine: CryptoEngine,
  version: number,
  destinationId: Uint8Array,
  sourceId: Uint8Array,
  originalId: Uint8Array,
  token: Uint8Array,
  unused: number,
): void {
  const start = writer.offset;
  writer.uint8(0xc0 | longTypeBits(version, PacketType.Retry) | (unused & 0x0f));
  writer.uint32(version);
  writer.uint8(destinationId.length);
  writer.put(destinationId);
  writer.uint8(sourceId.length);
  writer.put(sourceId);
  writer.put(token);
  writer.put(retryTag(engine, version, originalId, writer.written(start)));
}

/**
 * The token of a Retry packet, as a copy; undefined if a client must pass the packet over.
 *
 * @param originalId The destination ID of the client's first Initial.
 */
export function readRetry(
  header: Header,
  engine: CryptoEngine,
  originalId: Uint8Array,
): Uint8Array<ArrayBuffer> | undefined {
  // RFC 9000, Section 17.2.5.2: a Retry without a token, or one that changes nothing, is void.
  if (header.type !== PacketType.Retry || header.tokenLength === 0) return undefined;
  // RFC 9000, Section 17.2.5.1: the new ID must be another one.
  if (equalBytes(header.sourceId, originalId)) return undefined;
  const packet = header.datagram.subarray(header.start, header.end);
  if (!isRetryGenuine(engine, header.version, originalId, packet)) return undefined;
  return header.token.slice();
}
