/** Who sent transport parameters. */
export type Role = "client" | "server";

/** Identifiers of transport parameters (RFC 9000, Section 18.2, and the extensions). */
export const ParameterId = {
  OriginalDestinationId: 0x00,
  MaxIdleTimeout: 0x01,
  StatelessResetToken: 0x02,
  MaxUdpPayloadSize: 0x03,
  InitialMaxData: 0x04,
  InitialMaxStreamDataBidiLocal: 0x05,
  InitialMaxStreamDataBidiRemote: 0x06,
  InitialMaxStreamDataUni: 0x07,
  InitialMaxStreamsBidi: 0x08,
  InitialMaxStreamsUni: 0x09,
  AckDelayExponent: 0x0a,
  MaxAckDelay: 0x0b,
  DisableActiveMigration: 0x0c,
  PreferredAddress: 0x0d,
  ActiveConnectionIdLimit: 0x0e,
  InitialSourceId: 0x0f,
  RetrySourceId: 0x10,
  VersionInformation: 0x11,
  ResetStreamAt: 0x1d,
  MaxDatagramFrameSize: 0x20,
  InitialMaxPathId: 0x3e,
  GreaseQuicBit: 0x2ab2,
  AddressDiscovery: 0x9f81_a176,
  MinAckDelay: 0xff04_de1b,
  AlternativeAddress: 0xff09_69d8_5c,
  MaxAddresses: 0x3d7f_9112_0401,
} as const;

/** Where else a server would like to be reached (RFC 9000, Section 18.2). */
export interface PreferredAddress {
  /** 4 bytes, all zero if there is none. */
  readonly ipv4: Uint8Array;
  readonly ipv4Port: number;
  /** 16 bytes, all zero if there is none. */
  readonly ipv6: Uint8Array;
  readonly ipv6Port: number;
  /** The connection ID with sequence number 1. */
  readonly id: Uint8Array;
  readonly resetToken: Uint8Array;
}

/** The version in use and those that could have been (RFC 9368, Section 3). */
export interface VersionInformation {
  readonly chosen: number;
  readonly available: readonly number[];
}

/**
 * What an endpoint tells of itself during the handshake. A field that was not sent has the value
 * that the standards give it then.
 */
export class TransportParameters {
  originalDestinationId: Uint8Array | undefined = undefined;
  /** Milliseconds; 0 for no timeout. */
  maxIdleTimeout = 0;
  statelessResetToken: Uint8Array | undefined = undefined;
  maxUdpPayloadSize = 65_527;
  initialMaxData = 0;
  initialMaxStreamDataBidiLocal = 0;
  initialMaxStreamDataBidiRemote = 0;
  initialMaxStreamDataUni = 0;
  initialMaxStreamsBidi = 0;
  initialMaxStreamsUni = 0;
  ackDelayExponent = 3;
  /** Milliseconds. */
  maxAckDelay = 25;
  disableActiveMigration = false;
  preferredAddress: PreferredAddress | undefined = undefined;
  /** With multipath: for each path. */
  activeConnectionIdLimit = 2;
  initialSourceId: Uint8Array | undefined = undefined;
  retrySourceId: Uint8Array | undefined = undefined;
  versionInformation: VersionInformation | undefined = undefined;
  /** 0 if no DATAGRAM is welcome. */
  maxDatagramFrameSize = 0;
  /** -1 if multipath is not spoken. */
  initialMaxPathId = -1;
  greaseQuicBit = false;
  /** Microseconds; -1 if ACK_FREQUENCY is not understood. */
  minAckDelay = -1;
  resetStreamAt = false;
  /** 0 provides observed addresses, 1 wants them, 2 does both; -1 neither. */
  addressDiscovery = -1;
  /** Whether ALTERNATIVE_ADDRESS is welcome; only clients say so. */
  alternativeAddress = false;
  /** How many addresses of ADD_ADDRESS are kept; 0 if the frame is not understood. */
  maxAddresses = 0;
}
