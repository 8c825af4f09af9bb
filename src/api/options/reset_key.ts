// The key of a listener's stateless reset tokens, which the next process can derive again.

import type { ServiceSecret } from "../../crypto/service_secret.ts";
import { readFileIfGranted } from "../../io/environment.ts";
import { serverAddresses } from "../address/local_addresses.ts";
import type { ListenOptions } from "./options.ts";

/** The file that identifies this machine. */
const MACHINE_ID = "/etc/machine-id";

/**
 * The key of a listener's stateless reset tokens, which the next process of the same server makes
 * again: clients of a server that has crashed then learn so from the first packet that they send.
 *
 * RFC 9000, Section 21.11: two servers with one such key could be made to end each other's
 * connections. So the key depends on the secret of the service and on the instance, and there is
 * none where the instance cannot be told from others.
 *
 * @returns Undefined if a key of chance has to do, which no other process has.
 */
export function resetKeyOf(secret: ServiceSecret, options: ListenOptions): Uint8Array | undefined {
  // The IDs name the server.
  if (options.connectionIds !== undefined) return secret.key("reset", "named by IDs");
  const instance = instanceOf(options);
  // At a port of the system's choice no other process follows.
  if (instance === undefined || options.port === 0) return undefined;
  return secret.key("reset", ...instance);
}

/** The name of this server among those that share its secret. */
function instanceOf(
  { instance, localAddresses, port }: ListenOptions,
): readonly (string | number)[] | undefined {
  if (instance !== undefined) return ["named", instance];
  const machine = readFileIfGranted(MACHINE_ID)?.trim();
  if (!machine) return undefined;
  const addresses = serverAddresses(localAddresses).toSorted().join(" ");
  return ["machine", machine, port, addresses];
}
