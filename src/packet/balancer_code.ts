// Connection IDs that balancers can read: one configuration of QUIC-LB.

import { equalBytes } from "../bytes/bytes.ts";
import { IdCipher } from "../crypto/id_cipher.ts";

/**
 * One configuration of QUIC-LB, as servers and balancers share it.
 *
 * @category Connections
 */
export interface BalancerConfiguration {
  /** Its number, from 0 to 6, which stands in the first three bits of each ID. */
  readonly id: number;
  /** The name of this server among those behind the balancer. */
  readonly serverId: Uint8Array;
  /** Bytes that tell the IDs of a server apart. */
  readonly nonceLength: number;
  /** 16 bytes that encrypt the IDs. Without it any observer sees which server an ID belongs to. */
  readonly key?: Uint8Array | undefined;
}

/** Bits of the first byte that are the number of the configuration. */
const ID_SHIFT = 5;

/** Writes and reads the connection IDs of one configuration of QUIC-LB. */
export class BalancerCode {
  readonly configuration: BalancerConfiguration;
  /** Bytes of an ID. */
  readonly length: number;
  readonly #cipher: IdCipher | undefined;
  readonly #text: Uint8Array;

  constructor(configuration: BalancerConfiguration) {
    const { key, nonceLength, serverId } = configuration;
    this.configuration = configuration;
    this.length = 1 + serverId.length + nonceLength;
    this.#cipher = key && new IdCipher(key);
    this.#text = new Uint8Array(this.length - 1);
  }

  /** An ID; the last five bits of its first byte are zero. */
  write(nonce: Uint8Array): Uint8Array<ArrayBuffer> {
    const { id, serverId } = this.configuration;
    const bytes = new Uint8Array(this.length);
    bytes[0] = id << ID_SHIFT;
    bytes.set(serverId, 1);
    bytes.set(nonce, 1 + serverId.length);
    this.#cipher?.seal(bytes.subarray(1));
    return bytes;
  }

  /** The nonce of an ID of this configuration and server, valid until the next call. */
  read(bytes: Uint8Array, offset: number): Uint8Array | undefined {
    const { id, serverId } = this.configuration;
    if (bytes.length - offset < this.length || bytes[offset]! >>> ID_SHIFT !== id) return undefined;
    const text = this.#text;
    text.set(bytes.subarray(offset + 1, offset + this.length));
    this.#cipher?.open(text);
    const isOurs = equalBytes(text.subarray(0, serverId.length), serverId);
    return isOurs ? text.subarray(serverId.length) : undefined;
  }
}
