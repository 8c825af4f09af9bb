/** What the QUIC version decides about key derivation (RFC 9001; RFC 9369, Section 3.3). */
export interface KeyLabels {
  /** Label of packet protection keys. */
  readonly key: string;
  /** Label of initialization vectors. */
  readonly iv: string;
  /** Label of header protection keys. */
  readonly hp: string;
  /** Label of the next secret at a key update. */
  readonly ku: string;
}

/** Version 1 on the wire (RFC 9000, Section 15). */
export const VERSION_1 = 0x0000_0001;

/** Version 2 on the wire (RFC 9369, Section 3.1). */
export const VERSION_2 = 0x6b33_43cf;

const version1: KeyLabels = { key: "quic key", iv: "quic iv", hp: "quic hp", ku: "quic ku" };
const version2: KeyLabels = {
  key: "quicv2 key",
  iv: "quicv2 iv",
  hp: "quicv2 hp",
  ku: "quicv2 ku",
};

/** The labels of a version. A version that was not negotiated is a mistake of the caller. */
export function keyLabels(version: number): KeyLabels {
  if (version === VERSION_1) return version1;
  if (version === VERSION_2) return version2;
  throw new RangeError(`Cannot derive keys for version 0x${version.toString(16)}`);
}
