// The keys of Initial packets (RFC 9001, Section 5.2).

import { fromHex } from "../bytes/bytes.ts";
import type { CryptoEngine } from "./aead.ts";
import { CipherSuite, suiteParameters } from "./cipher_suite.ts";
import { HmacKey } from "./hkdf.ts";
import { InitialGlance } from "./initial_glance.ts";
import { type KeyLabels, keyLabels, VERSION_2 } from "./key_labels.ts";
import { type KeyMaterial, keyMaterial, PacketKeys } from "./packet_keys.ts";

/** RFC 9001, Section 5.2: whatever suite is negotiated later. */
const suite = suiteParameters(CipherSuite.Aes128GcmSha256);

const SALT_1 = "38762cf7f55934b34d179ae6a4c80cadccbb7f0a";
const SALT_2 = "0dede3def700a6db819381be6e269dcbf9bd2ed9";

/** The salts by version, of which every server and every stranger makes use: made ready once. */
const salts = new Map<number, HmacKey>();

function saltOf(version: number): HmacKey {
  let salt = salts.get(version);
  if (salt === undefined) {
    salt = new HmacKey("sha256", fromHex(version === VERSION_2 ? SALT_2 : SALT_1));
    salts.set(version, salt);
  }
  return salt;
}

/**
 * Keys of both directions at the Initial level (RFC 9001, Section 5.2; RFC 9369, Section 3.3). Each
 * is derived when it is first asked for: what a stranger sends may never be answered.
 */
export class InitialKeys {
  readonly #engine: CryptoEngine;
  readonly #labels: KeyLabels;
  readonly #secret: HmacKey;
  #ofClient: Uint8Array | undefined;
  #material: KeyMaterial | undefined;
  #client: PacketKeys | undefined;
  #server: PacketKeys | undefined;

  /**
   * @param destinationId The Destination Connection ID of the client's first Initial, or of the
   *   first after a Retry.
   */
  constructor(engine: CryptoEngine, version: number, destinationId: Uint8Array) {
    this.#engine = engine;
    this.#labels = keyLabels(version);
    // HKDF-Extract is a keyed hash (RFC 5869, Section 2.2).
    const secret = saltOf(version).hash(destinationId);
    this.#secret = new HmacKey("sha256", secret);
  }

  /** A glance into a packet that seems to be a client's, before anything is opened. */
  glance(): InitialGlance {
    return new InitialGlance(this.#engine, this.#clientMaterial);
  }

  /** The keys are not needed any more: nothing came of the packet that they were made for. */
  release(): void {
    this.#material?.header.release?.();
    this.#client?.release();
    this.#server?.release();
  }

  /** Protects what the client sends. */
  get client(): PacketKeys {
    return this.#client ??= this.#keys(this.#clientSecret, this.#clientMaterial);
  }

  /** Protects what the server sends. */
  get server(): PacketKeys {
    return this.#server ??= this.#keys(this.#secret.expandLabel("server in"));
  }

  get #clientSecret(): Uint8Array {
    return this.#ofClient ??= this.#secret.expandLabel("client in");
  }

  get #clientMaterial(): KeyMaterial {
    return this.#material ??= keyMaterial(this.#engine, suite, this.#clientSecret, this.#labels);
  }

  #keys(secret: Uint8Array, material?: KeyMaterial): PacketKeys {
    return new PacketKeys(this.#engine, suite.suite, secret, this.#labels, material);
  }
}
