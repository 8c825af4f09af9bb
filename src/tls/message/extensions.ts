// Reads and writes the extensions of a message.

import type { Reader } from "../../bytes/reader.ts";
import { Alert, alertError } from "../code/alert.ts";
import { ExtensionType } from "../code/code_point.ts";

/** Extensions of one message by type, in the order they came. */
export type Extensions = ReadonlyMap<number, Uint8Array>;

/** Reads a vector whose length takes one byte. */
export function readVector8(reader: Reader): Uint8Array {
  return reader.take(reader.uint8());
}

/** Reads a vector whose length takes two bytes. */
export function readVector16(reader: Reader): Uint8Array {
  return reader.take(reader.uint16());
}

/** Reads a vector whose length takes three bytes. */
export function readVector24(reader: Reader): Uint8Array {
  return reader.take(reader.uint24());
}

/** Reads 16-bit numbers up to the end of `reader`. */
export function readNumbers16(reader: Reader): number[] {
  const numbers: number[] = [];
  while (reader.remaining > 0) numbers.push(reader.uint16());
  return numbers;
}

/** Refuses bytes behind the last field. */
export function expectEnd(reader: Reader, what: string): void {
  if (reader.remaining === 0) return;
  throw alertError(Alert.DecodeError, `Cannot read ${what}: ${reader.remaining} bytes too many`);
}

/** Reads a block of extensions; none may come twice (RFC 9846, Section 4.3). */
export function readExtensions(reader: Reader, what: string): Extensions {
  const end = reader.offset + 2 + reader.uint16();
  const extensions = new Map<number, Uint8Array>();
  if (end > reader.end) reader.advance(end - reader.offset);
  while (reader.offset < end) {
    const type = reader.uint16();
    const body = readVector16(reader);
    if (extensions.has(type)) {
      throw alertError(Alert.IllegalParameter, `Cannot accept extension ${type} twice in ${what}`);
    }
    extensions.set(type, body);
  }
  if (reader.offset !== end) {
    throw alertError(Alert.DecodeError, `Cannot read ${what}: an extension is cut off`);
  }
  return extensions;
}

/**
 * Refuses extensions that do not belong in this message, and responses to extensions that were not
 * sent.
 *
 * RFC 9846, Section 4.3: the first are an illegal_parameter, the others unsupported_extension.
 */
export function expectOnly(extensions: Extensions, allowed: readonly number[], what: string): void {
  for (const type of extensions.keys()) {
    if (allowed.includes(type)) continue;
    const isMisplaced = neverOptional.has(type);
    throw alertError(
      isMisplaced ? Alert.IllegalParameter : Alert.UnsupportedExtension,
      `Cannot accept extension ${type} in ${what}: it ` +
        (isMisplaced ? "does not belong there" : "was not asked for"),
    );
  }
}

/** What every ClientHello of ours offers: found in a wrong message it is misplaced. */
const neverOptional: ReadonlySet<number> = new Set([
  ExtensionType.SupportedVersions,
  ExtensionType.SupportedGroups,
  ExtensionType.SignatureAlgorithms,
  ExtensionType.SignatureAlgorithmsCert,
  ExtensionType.Alpn,
  ExtensionType.QuicTransportParameters,
  ExtensionType.PskKeyExchangeModes,
  ExtensionType.KeyShare,
]);
