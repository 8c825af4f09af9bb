import { Role } from "../../stream/stream_id.ts";
import type { TransportConfig } from "../config.ts";
import type { HandshakeIds } from "../handshake_driver.ts";
import { idsPerPath } from "../../path/path_limits.ts";
import { MAX_ADDRESSES } from "../../limits/limits.ts";
import type { ConnectionId } from "../../packet/connection_id.ts";
import { encodePreferred } from "./preferred_address.ts";
import { TransportParameters } from "./transport_parameters.ts";

/** Bytes of the largest UDP payload we take: our receive buffers are that large. */
export const MAX_UDP_PAYLOAD_SIZE = 65_527;

/** A connection ID of ours with the token that resets it (RFC 9000, Section 10.3). */
export interface IssuedId {
  readonly id: ConnectionId;
  readonly resetToken: Uint8Array;
}

/** Microseconds for which we may be asked to hold acknowledgements back at least. */
const MIN_ACK_DELAY = 1_000;

/** What we announce (RFC 9000, Section 18.2). */
export function localParameters(
  role: Role,
  config: TransportConfig,
  ids: HandshakeIds,
  own: IssuedId,
  preferred?: IssuedId,
): TransportParameters {
  const parameters = localLimits(config);
  parameters.initialSourceId = own.id.bytes;
  // RFC 9287, Section 3: never remembered for 0-RTT.
  parameters.greaseQuicBit = true;
  // Address discovery, Section 3: both given and welcome.
  parameters.addressDiscovery = 2;
  parameters.maxAddresses = MAX_ADDRESSES;
  parameters.alternativeAddress = role === Role.Client;
  if (role === Role.Client) return parameters;
  parameters.originalDestinationId = ids.original;
  parameters.retrySourceId = ids.retrySource;
  parameters.statelessResetToken = own.resetToken;
  parameters.disableActiveMigration = config.disableActiveMigration === true;
  if (config.preferredAddress !== undefined && preferred !== undefined) {
    parameters.preferredAddress = encodePreferred(config.preferredAddress, preferred);
  }
  return parameters;
}

/** The part of it that is the same for all connections. */
export function localLimits(config: TransportConfig): TransportParameters {
  const parameters = new TransportParameters();
  parameters.maxIdleTimeout = config.maxIdleTimeout;
  parameters.maxUdpPayloadSize = MAX_UDP_PAYLOAD_SIZE;
  parameters.initialMaxData = config.connectionWindow;
  parameters.initialMaxStreamDataBidiLocal = config.streamWindow;
  parameters.initialMaxStreamDataBidiRemote = config.streamWindow;
  parameters.initialMaxStreamDataUni = config.streamWindow;
  parameters.initialMaxStreamsBidi = config.maxBidirectionalStreams;
  parameters.initialMaxStreamsUni = config.maxUnidirectionalStreams;
  parameters.maxAckDelay = config.maxAckDelay;
  parameters.activeConnectionIdLimit = idsPerPath(config.activeIdLimit, config.maxPaths);
  parameters.maxDatagramFrameSize = config.maxDatagramFrameSize;
  // ACK frequency, Section 3: no more than what is held back at most.
  parameters.minAckDelay = Math.min(MIN_ACK_DELAY, 1_000 * config.maxAckDelay);
  parameters.resetStreamAt = true;
  // MPQUIC, Section 2.1: path IDs count from 0. One path needs no multipath.
  if (config.maxPaths > 1) parameters.initialMaxPathId = config.maxPaths - 1;
  return parameters;
}
