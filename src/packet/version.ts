// The versions of QUIC.

import { PacketType } from "./packet_type.ts";

/** Version numbers of QUIC. */
export const Version = {
  /** The version of Version Negotiation packets. */
  Negotiation: 0,
  /** RFC 9000. */
  V1: 0x0000_0001,
  /** RFC 9369. */
  V2: 0x6b33_43cf,
} as const;

/** The versions spoken here, the preferred one first. */
export const SUPPORTED_VERSIONS: readonly number[] = [Version.V1, Version.V2];

/** Whether packets of this version can be read. */
export function isSupportedVersion(version: number): boolean {
  return version === Version.V1 || version === Version.V2;
}

/** A version that no endpoint supports, made from any 32 bits. */
export function greaseVersion(seed: number): number {
  return ((seed & 0xf0f0_f0f0) | 0x0a0a_0a0a) >>> 0;
}

/** The two type bits of a long header as they stand in its first byte. */
export function longTypeBits(version: number, type: PacketType): number {
  const code = longTypes.indexOf(type);
  // RFC 9369, Section 3.2: version 2 numbers packet types differently, so that no middlebox relies
  // on the numbers.
  return (version === Version.V2 ? (code + 1) & 3 : code) << 4;
}

/** What the type bits of a long header's first byte mean in a supported version. */
export function longTypeOf(version: number, firstByte: number): PacketType {
  const bits = (firstByte >>> 4) & 3;
  return longTypes[version === Version.V2 ? (bits + 3) & 3 : bits]!;
}

const longTypes: readonly PacketType[] = [
  PacketType.Initial,
  PacketType.ZeroRtt,
  PacketType.Handshake,
  PacketType.Retry,
];
