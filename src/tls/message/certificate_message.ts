// The Certificate message of TLS (RFC 9846, Section 4.5.1).

import { Reader } from "../../bytes/reader.ts";
import { Alert, alertError } from "../code/alert.ts";
import { readNumberList, writeNumberList } from "./client_hello.ts";
import { ExtensionType, MessageType } from "../code/code_point.ts";
import {
  expectEnd,
  readExtensions,
  readVector16,
  readVector24,
  readVector8,
} from "./extensions.ts";
import { MessageWriter } from "./message_writer.ts";
import { certificateSchemes, handshakeSchemes } from "../key/signature.ts";
import { MAX_CHAIN } from "../../limits/limits.ts";

/** Writes a Certificate message; an empty chain says that there is none to show. */
export function writeCertificate(chain: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const writer = new MessageWriter();
  const message = writer.openMessage(MessageType.Certificate);
  writer.uint8(0); // The context is empty within a handshake (RFC 9846, Section 4.5.1).
  const list = writer.open(3);
  for (const der of chain) {
    writer.vector(3, der);
    writer.uint16(0);
  }
  writer.close(list, 3);
  writer.closeMessage(message);
  return writer.bytes();
}

/** Reads the certificates of a Certificate message, copied, the peer's own first. */
export function readCertificate(message: Uint8Array): Uint8Array<ArrayBuffer>[] {
  const what = "the Certificate message";
  const outer = new Reader(message, 4);
  if (readVector8(outer).length > 0) {
    throw alertError(Alert.IllegalParameter, `Cannot accept ${what}: its context is not empty`);
  }
  const reader = new Reader(readVector24(outer));
  expectEnd(outer, what);
  const chain: Uint8Array<ArrayBuffer>[] = [];
  while (reader.remaining > 0) {
    const der = readVector24(reader);
    if (der.length === 0) {
      throw alertError(Alert.DecodeError, `Cannot read ${what}: an entry is empty`);
    }
    if (chain.length === MAX_CHAIN) {
      throw alertError(
        Alert.BadCertificate,
        `Cannot accept ${what}: it has more than ${MAX_CHAIN} certificates`,
      );
    }
    chain.push(Uint8Array.from(der));
    // We ask for no extensions of certificates, so none may be there.
    if (readExtensions(reader, what).size > 0) {
      throw alertError(
        Alert.UnsupportedExtension,
        `Cannot accept ${what}: an entry has an extension that was not asked for`,
      );
    }
  }
  return chain;
}

/** Writes a CertificateRequest message. */
export function writeCertificateRequest(): Uint8Array<ArrayBuffer> {
  const writer = new MessageWriter();
  const message = writer.openMessage(MessageType.CertificateRequest);
  writer.uint8(0);
  const extensions = writer.open(2);
  writeNumberList(writer, ExtensionType.SignatureAlgorithms, handshakeSchemes);
  writeNumberList(writer, ExtensionType.SignatureAlgorithmsCert, certificateSchemes);
  writer.close(extensions, 2);
  writer.closeMessage(message);
  return writer.bytes();
}

/** Reads a CertificateRequest message: the signature schemes that the server takes. */
export function readCertificateRequest(message: Uint8Array): readonly number[] {
  const what = "the CertificateRequest";
  const reader = new Reader(message, 4);
  if (readVector8(reader).length > 0) {
    throw alertError(Alert.IllegalParameter, `Cannot accept ${what}: its context is not empty`);
  }
  const extensions = readExtensions(reader, what);
  expectEnd(reader, what);
  const schemes = readNumberList(extensions, ExtensionType.SignatureAlgorithms);
  if (schemes) return schemes;
  throw alertError(Alert.MissingExtension, `Cannot accept ${what}: it names no signature scheme`);
}

/** Writes a CertificateVerify message. */
export function writeCertificateVerify(
  scheme: number,
  signature: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const writer = new MessageWriter();
  const message = writer.openMessage(MessageType.CertificateVerify);
  writer.uint16(scheme);
  writer.vector(2, signature);
  writer.closeMessage(message);
  return writer.bytes();
}

/** Reads a CertificateVerify message. */
export function readCertificateVerify(
  message: Uint8Array,
): { scheme: number; signature: Uint8Array } {
  const reader = new Reader(message, 4);
  const scheme = reader.uint16();
  const signature = readVector16(reader);
  expectEnd(reader, "the CertificateVerify");
  return { scheme, signature };
}

/** Writes a Finished message. */
export function writeFinished(data: Uint8Array): Uint8Array<ArrayBuffer> {
  const writer = new MessageWriter();
  const message = writer.openMessage(MessageType.Finished);
  writer.put(data);
  writer.closeMessage(message);
  return writer.bytes();
}
