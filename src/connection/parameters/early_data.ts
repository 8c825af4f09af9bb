// What a client remembers of the transport parameters of a server, for 0-RTT data.

import { TransportError } from "../../error/quic_error.ts";
import { type ParameterName, parameterTable, TransportParameters } from "./parameter_table.ts";
import { readTransportParameters } from "./transport_parameters.ts";

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
    for (const row of parameterTable) if (row.remembered !== undefined) row.copy(all, remembered);
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
): ParameterName | undefined {
  const limits = parameterTable.filter(({ remembered }) => remembered === "limit");
  return limits.find((row) => row.isLower(before, after))?.name;
}
