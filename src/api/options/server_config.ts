// What the options of a listener mean to the core.

import { DEFAULTS, type PreferredAddresses } from "../../connection/config.ts";
import type { ServiceSecret } from "../../crypto/service_secret.ts";
import type { ServerConfig } from "../../endpoint/options.ts";
import { openKeyLog } from "../../io/key_log.ts";
import type { Address } from "../../path/address/address.ts";
import type { ClientCertificateOptions } from "../../tls/tls.ts";
import type { CredentialSet } from "./credentials.ts";
import type { ClientAuthentication, ListenOptions } from "./options.ts";
import { versionNumbers } from "./session.ts";
import { checkProtocols } from "./protocols.ts";
import { transportConfig } from "./transport_config.ts";
import { storeFor } from "./trust.ts";

/** What the options of a listener mean to the core. */
export function serverConfig(
  options: ListenOptions,
  credentials: CredentialSet,
  secret: ServiceSecret,
): ServerConfig {
  const { alpnProtocols: alpn, clientCertificates } = options;
  if (!Array.isArray(alpn) || alpn.length === 0) {
    throw new TypeError("Cannot listen: alpnProtocols must name at least one protocol");
  }
  checkProtocols("listen", alpn);
  return {
    transport: {
      ...transportConfig(options, DEFAULTS),
      disableActiveMigration: options.disableActiveMigration,
      preferredAddress: options.preferredAddresses && preferred(options.preferredAddresses),
    },
    tls: {
      credential: (serverName) => credentials.find(serverName),
      alpn,
      keyLog: options.keyLog ?? openKeyLog(),
      clientCertificates: clientCertificates && clientRules(clientCertificates),
    },
    retry: options.retry,
    earlyData: options.earlyData,
    ticketKey: options.ticketKey,
    secret,
    versions: versionNumbers(options.versions),
  };
}

/**
 * How the certificates of clients are judged.
 *
 * @throws {TypeError} If nothing is to judge them by.
 */
export function clientRules(options: ClientAuthentication): ClientCertificateOptions {
  const { caCerts, required, revocation, verify } = options;
  if (caCerts === undefined && verify === undefined) {
    throw new TypeError("Cannot judge client certificates: give caCerts, verify, or both");
  }
  return {
    required,
    verification: caCerts === undefined ? "insecure" : storeFor(caCerts, []),
    revocation,
    onCertificates: verify && ((chain) => verify(chain)),
  };
}

function preferred(addresses: readonly Deno.NetAddr[]): PreferredAddresses {
  const find = (isIpv6: boolean): Address | undefined => {
    const found = addresses.find(({ hostname }) => hostname.includes(":") === isIpv6);
    return found && { transport: "udp", hostname: found.hostname, port: found.port };
  };
  return { ipv4: find(false), ipv6: find(true) };
}
