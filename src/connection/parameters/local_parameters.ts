// The transport parameters that this end announces.

import type { Role } from "../../error/role.ts";
import type { TransportConfig } from "../config.ts";
import { type LocalConnection, parameterTable, TransportParameters } from "./parameter_table.ts";

/** What all connections of a configuration announce. */
export function configuredParameters(config: TransportConfig, role: Role): TransportParameters {
  const parameters = new TransportParameters();
  for (const row of parameterTable) row.configure(parameters, config, role);
  return parameters;
}

/** What one connection announces (RFC 9000, Section 18.2). */
export function localParameters(connection: LocalConnection, role: Role): TransportParameters {
  const parameters = configuredParameters(connection.config, role);
  for (const row of parameterTable) {
    if (row.from === undefined || row.from === role) row.announce(parameters, connection);
  }
  return parameters;
}
