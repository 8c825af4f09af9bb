import { fromHex } from "../bytes/bytes.ts";
import type { CryptoEngine } from "./aead.ts";
import { CipherSuite } from "./cipher_suite.ts";
import { expandLabel, extract } from "./hkdf.ts";
import { keyLabels, VERSION_2 } from "./key_labels.ts";
import { PacketKeys } from "./packet_keys.ts";

/** Keys of both directions at the Initial level. */
export interface InitialKeys {
  /** Protects what the client sends. */
  readonly client: PacketKeys;
  /** Protects what the server sends. */
  readonly server: PacketKeys;
}

const salt1 = fromHex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a");
const salt2 = fromHex("0dede3def700a6db819381be6e269dcbf9bd2ed9");

/**
 * Keys of Initial packets (RFC 9001, Section 5.2; RFC 9369, Section 3.3).
 *
 * @param destinationId The Destination Connection ID of the client's first Initial, or of the
 *   first after a Retry.
 */
export function initialKeys(
  engine: CryptoEngine,
  version: number,
  destinationId: Uint8Array,
): InitialKeys {
  const labels = keyLabels(version);
  const salt = version === VERSION_2 ? salt2 : salt1;
  const secret = extract("sha256", salt, destinationId);
  const suite = CipherSuite.Aes128GcmSha256;
  const client = expandLabel("sha256", secret, "client in");
  const server = expandLabel("sha256", secret, "server in");
  return {
    client: new PacketKeys(engine, suite, client, labels),
    server: new PacketKeys(engine, suite, server, labels),
  };
}
