import { TransportError } from "../../error/quic_error.ts";
import { readTransportParameters } from "./read_transport_parameters.ts";
import { TransportParameters } from "./transport_parameters.ts";

/** What a server that reads 0-RTT data may not lower (RFC 9000, Section 7.4.1; RFC 9221, Section 3). */
const LIMITS = [
  "activeConnectionIdLimit",
  "initialMaxData",
  "initialMaxStreamDataBidiLocal",
  "initialMaxStreamDataBidiRemote",
  "initialMaxStreamDataUni",
  "initialMaxStreamsBidi",
  "initialMaxStreamsUni",
  "maxDatagramFrameSize",
] as const;

/**
 * The parameters of an earlier connection as far as they hold for 0-RTT data. Connection IDs, ACK
 * delays, the preferred address and initial_max_path_id (MPQUIC, Section 2.1) are not among them.
 *
 * @returns Nothing if they cannot be read.
 */
export function rememberedParameters(bytes: Uint8Array): TransportParameters | undefined {
  const remembered = new TransportParameters();
  try {
    const all = readTransportParameters(bytes, "server");
    for (const name of LIMITS) remembered[name] = all[name];
    remembered.maxIdleTimeout = all.maxIdleTimeout;
    remembered.maxUdpPayloadSize = all.maxUdpPayloadSize;
    remembered.disableActiveMigration = all.disableActiveMigration;
    return remembered;
  } catch (error) {
    if (error instanceof TransportError) return undefined;
    throw error;
  }
}

/** The first limit that is lower than it was, if any is: 0-RTT data could be beyond it. */
export function loweredLimit(
  before: TransportParameters,
  after: TransportParameters,
): string | undefined {
  return LIMITS.find((name) => after[name] < before[name]);
}
