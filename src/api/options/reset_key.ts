// The key of a listener's stateless reset tokens, which the next process can derive again.

import type { ServiceSecret } from "../../crypto/service_secret.ts";
import { readFileIfGranted } from "../../io/environment.ts";
import { serverAddresses } from "../address/local_addresses.ts";
import type { ListenOptions } from "./options.ts";

/** Bytes of a key. */
const KEY_LENGTH = 32;

/** The file that identifies this machine. */
const MACHINE_ID = "/etc/machine-id";

const utf8 = new TextEncoder();

/**
 * The key of a listener's stateless reset tokens, which the next process of the same server makes
 * again: clients of a server that has crashed then learn so from the first packet that they send.
 *
 * RFC 9000, Section 21.11: two servers with one such key could be made to end each other's
 * connections. So the key depends on the secret of the service and on the instance, and there is
 * none where the instance cannot be told from others.
 *
 * @returns Undefined if a key of chance has to do, which no other process has.
 * @throws {TypeError} If the secret is too short to be one.
 */
export function resetKeyOf(options: ListenOptions): Uint8Array | undefined {
  const { key, port, secret } = options;
  if (secret !== undefined && secret.length < KEY_LENGTH) {
    throw new TypeError(
      `Cannot use a secret of ${secret.length} bytes: give at least ${KEY_LENGTH} bytes of chance`,
    );
  }
  const instance = instanceOf(options);
  // At a port of the system's choice no other process follows.
  if (instance === undefined || port === 0) return undefined;
  const root = extract("sha256", utf8.encode("mpquic service"), secret ?? utf8.encode(key.trim()));
  return expand("sha256", root, utf8.encode(`reset\0${instance}`), KEY_LENGTH);
}

/** The name of this server among those that share its secret. */
function instanceOf({ instance, localAddresses, port }: ListenOptions): string | undefined {
  if (instance !== undefined) return `named\0${instance}`;
  const machine = readFileIfGranted(MACHINE_ID)?.trim();
  if (!machine) return undefined;
  const addresses = serverAddresses(localAddresses).toSorted().join(" ");
  return `machine\0${machine}\0${port}\0${addresses}`;
}
