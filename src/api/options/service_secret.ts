// The secret of a listener, from which its keys follow.

import { SECRET_LENGTH, ServiceSecret } from "../../crypto/service_secret.ts";
import type { ListenOptions } from "./options.ts";

const utf8 = new TextEncoder();

/**
 * The secret of a listener: the one it was given, else its private key, which only servers of the
 * same service have.
 *
 * @throws {TypeError} If the secret is too short to be one.
 */
export function serviceSecretOf(
  { key, secret }: Pick<ListenOptions, "key" | "secret">,
): ServiceSecret {
  if (secret !== undefined && secret.length < SECRET_LENGTH) {
    throw new TypeError(
      `Cannot use a secret of ${secret.length} bytes: give at least ${SECRET_LENGTH} bytes of chance`,
    );
  }
  return new ServiceSecret(secret ?? utf8.encode(key.trim()));
}
