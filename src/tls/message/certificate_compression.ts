// Compresses certificate messages (RFC 8879).

import { brotliCompressSync, deflateSync, inflateSync } from "node:zlib";
import { Reader } from "../../bytes/reader.ts";
import { Alert, alertError } from "../code/alert.ts";
import { ExtensionType, MessageType } from "../code/code_point.ts";
import {
  expectEnd,
  type Extensions,
  readNumbers16,
  readVector24,
  readVector8,
} from "./extensions.ts";
import { MAX_TLS_MESSAGE } from "../../limits/limits.ts";
import { MessageWriter } from "./message_writer.ts";

/** How a certificate message is compressed (RFC 8879, Section 7.3). */
export const CertificateCompression = { Zlib: 1, Brotli: 2 } as const;

/** What we write, best first; browsers take Brotli alone. */
export const compressions: readonly number[] = [
  CertificateCompression.Brotli,
  CertificateCompression.Zlib,
];

/** What we read. Measured: the runtime's Brotli loses memory whenever a peer sends it garbage. */
export const decompressions: readonly number[] = [CertificateCompression.Zlib];

/** Bytes of a handshake message before its body. */
const HEADER = 4;

/** Reads the extension compress_certificate: what the peer can decompress. */
export function readCompressions(extensions: Extensions): readonly number[] {
  const body = extensions.get(ExtensionType.CompressCertificate);
  if (!body) return [];
  const what = "the list of certificate compressions";
  const reader = new Reader(body);
  const list = readVector8(reader);
  expectEnd(reader, what);
  if (list.length < 2 || list.length % 2) {
    throw alertError(Alert.DecodeError, `Cannot read ${what}: it is cut`);
  }
  return readNumbers16(new Reader(list));
}

/** Makes a CompressedCertificate message of a Certificate message (RFC 8879, Section 4). */
export function compressCertificate(
  message: Uint8Array,
  algorithm: number,
): Uint8Array<ArrayBuffer> {
  const body = message.subarray(HEADER);
  const writer = new MessageWriter();
  const start = writer.openMessage(MessageType.CompressedCertificate);
  writer.uint16(algorithm);
  writer.uint8(body.length >>> 16);
  writer.uint16(body.length & 0xffff);
  const isBrotli = algorithm === CertificateCompression.Brotli;
  writer.vector(3, isBrotli ? brotliCompressSync(body) : deflateSync(body));
  writer.closeMessage(start);
  return writer.bytes();
}

/**
 * Makes the Certificate message again that a CompressedCertificate message was made of.
 *
 * The peer chooses the size: no more is unpacked than it says, and no more than a message may have.
 *
 * @param offered What we have said we take.
 */
export function decompressCertificate(
  message: Uint8Array,
  offered: readonly number[] = decompressions,
): Uint8Array<ArrayBuffer> {
  const what = "the CompressedCertificate";
  const reader = new Reader(message, HEADER);
  const algorithm = reader.uint16();
  const length = reader.uint24();
  const data = readVector24(reader);
  expectEnd(reader, what);
  if (!offered.includes(algorithm)) {
    throw alertError(
      Alert.IllegalParameter,
      `Cannot accept ${what}: algorithm ${algorithm} was not offered`,
    );
  }
  if (length === 0 || length > MAX_TLS_MESSAGE - HEADER) {
    const limit = MAX_TLS_MESSAGE - HEADER;
    throw alertError(
      Alert.BadCertificate,
      `Cannot accept ${what}: it unpacks to ${length} bytes, and 1 to ${limit} are taken here`,
    );
  }
  const body = unpack(data, length);
  if (body?.length !== length) {
    // RFC 8879, Section 4: so it goes with what cannot be unpacked, or to another length.
    throw alertError(
      Alert.BadCertificate,
      `Cannot read ${what}: it does not unpack to the ${length} bytes it announces`,
    );
  }
  const certificate = new Uint8Array(HEADER + length);
  certificate.set([MessageType.Certificate, length >>> 16, (length >>> 8) & 0xff, length & 0xff]);
  certificate.set(body, HEADER);
  return certificate;
}

function unpack(data: Uint8Array, length: number): Uint8Array | undefined {
  try {
    return inflateSync(data, { maxOutputLength: length });
  } catch {
    return undefined;
  }
}
