// The transport parameters that this end announces.

import type { Role } from "../../error/role.ts";
import type { ConnectionId } from "../../packet/connection_id.ts";
import type { TransportConfig } from "../config.ts";
import type { FirstPath } from "../first_path.ts";
import type { ConnectionOptions } from "../options.ts";
import type { IssuedId } from "./preferred_address.ts";
import type { VersionInformation } from "./version_information.ts";
import { type LocalConnection, parameterTable, TransportParameters } from "./parameter_table.ts";

/** What this end announces, with this information about versions. */
export type Announce = (versions: VersionInformation) => TransportParameters;

/** What all connections of a configuration announce. */
export function configuredParameters(config: TransportConfig, role: Role): TransportParameters {
  const parameters = new TransportParameters();
  for (const row of parameterTable) row.configure(parameters, config, role);
  return parameters;
}

/**
 * Makes what one connection announces (RFC 9000, Section 18.2) when TLS asks for it. The result holds
 * no more of the options than it needs.
 */
export function announcement(
  { config, ids, originalId: original, retrySourceId: retrySource, role }: ConnectionOptions,
  { own, preferred }: FirstPath,
): Announce {
  const withToken = (id: ConnectionId): IssuedId => ({ id, resetToken: ids.resetToken(id) });
  return (versions) => {
    const connection: LocalConnection = {
      config,
      versions,
      own: withToken(own),
      original,
      retrySource,
      preferred: preferred && withToken(preferred),
    };
    const parameters = configuredParameters(config, role);
    for (const row of parameterTable) {
      if (row.from === undefined || row.from === role) row.announce(parameters, connection);
    }
    return parameters;
  };
}
