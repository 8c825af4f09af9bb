// The parameters of signatures with RSA-PSS.

import { toHex } from "../../bytes/bytes.ts";
import { contextTag, type DerReader, readCount, Tag } from "./der.ts";
import { identifier } from "./object_identifier.ts";

/** How a signature with RSA-PSS is made. */
export interface PssParameters {
  readonly hash: string;
  /** Bytes of the hash. */
  readonly hashLength: number;
  /** Bytes of salt. */
  readonly saltLength: number;
}

type Hash = Pick<PssParameters, "hash" | "hashLength">;

const hashes: ReadonlyMap<string, Hash> = new Map([
  [identifier("2.16.840.1.101.3.4.2.1"), { hash: "sha256", hashLength: 32 }],
  [identifier("2.16.840.1.101.3.4.2.2"), { hash: "sha384", hashLength: 48 }],
  [identifier("2.16.840.1.101.3.4.2.3"), { hash: "sha512", hashLength: 64 }],
]);
/** RFC 4055, Section 3.1. */
const DEFAULT_SALT = 20;
const MGF1 = identifier("1.2.840.113549.1.1.8");

/**
 * Reads RSASSA-PSS-params (RFC 4055, Section 3.1), the next value.
 *
 * @returns `undefined` if they name a hash that is not on offer, SHA-1 by leaving it out for
 * instance, or two.
 */
export function readPssParameters(reader: DerReader): PssParameters | undefined {
  const parts = reader.enter(Tag.Sequence);
  const hash = optional(parts, 0, readHash);
  const mask = optional(parts, 1, readMask);
  const salt = optional(parts, 2, readInteger);
  const trailer = optional(parts, 3, readInteger);
  parts.expectEnd();
  if (!hash || mask !== hash || (trailer ?? 1) !== 1) return undefined;
  return { ...hash, saltLength: salt ?? DEFAULT_SALT };
}

function optional<Value>(
  parts: DerReader,
  number: number,
  read: (reader: DerReader) => Value,
): Value | undefined {
  const tag = contextTag(number, true);
  if (parts.tag !== tag) return undefined;
  const inner = parts.enter(tag);
  const value = read(inner);
  inner.expectEnd();
  return value;
}

function readInteger(reader: DerReader): number {
  return readCount(reader.content(Tag.Integer));
}

function readMask(reader: DerReader): Hash | undefined {
  const algorithm = reader.enter(Tag.Sequence);
  const isMgf1 = toHex(algorithm.content(Tag.ObjectIdentifier)) === MGF1;
  if (!isMgf1) return undefined;
  const hash = readHash(algorithm);
  algorithm.expectEnd();
  return hash;
}

/** RFC 4055, Section 2.1: the hashes have no parameters, left out or NULL. */
function readHash(reader: DerReader): Hash | undefined {
  const algorithm = reader.enter(Tag.Sequence);
  const id = toHex(algorithm.content(Tag.ObjectIdentifier));
  if (!algorithm.isAtEnd) algorithm.content(Tag.Null);
  algorithm.expectEnd();
  return hashes.get(id);
}
