import { Reader } from "../../src/bytes/reader.ts";
import { chooseEngine } from "../../src/crypto/engine.ts";
import { InitialKeys } from "../../src/crypto/initial_keys.ts";
import { CLIENT_DEFAULTS } from "../../src/connection/config.ts";
import { Endpoint } from "../../src/endpoint/endpoint.ts";
import { wallTime } from "../../src/io/clock.ts";
import { SystemRandom } from "../../src/io/random.ts";
import { Header, parseHeader } from "../../src/packet/header.ts";
import { PacketBuilder } from "../../src/packet/packet_builder.ts";
import { PacketOpener } from "../../src/packet/packet_opener.ts";
import { PacketType } from "../../src/packet/packet_type.ts";
import { Version } from "../../src/packet/version.ts";
import { NamedGroup } from "../../src/tls/code/code_point.ts";

const ID_LENGTH = 8;
const SIZE = 1_200;
const NOTHING = new Uint8Array(0);

/** What an attacker wants to know of a Retry. */
export interface RetryAnswer {
  readonly token: Uint8Array;
  readonly sourceId: Uint8Array;
}

/**
 * Makes first packets of connections, as many as wanted, of one ClientHello: what costs a client is
 * done once, what costs a server it has to do each time.
 */
export class InitialForge {
  readonly #engine = chooseEngine();
  readonly #builder = new PacketBuilder();
  readonly #buffer = new Uint8Array(65_535);
  readonly #sourceId: Uint8Array;
  /** The CRYPTO frame of the genuine Initial. */
  readonly #frames: Uint8Array;
  /** The message that the genuine client sends first. */
  readonly clientHello: Uint8Array;

  constructor() {
    const [payload, sourceId] = this.#genuine();
    const reader = new Reader().aim(payload);
    reader.advance(1);
    reader.varint();
    this.clientHello = reader.take(reader.varint());
    this.#frames = payload.subarray(0, reader.offset);
    this.#sourceId = sourceId;
  }

  /**
   * A datagram with an Initial that opens a connection.
   *
   * @param destinationId The ID of the connection, or that which a Retry gave it.
   * @param token The token of that Retry.
   * @param frames What is in it, if not the ClientHello.
   * @param number Its packet number.
   */
  make(
    destinationId: Uint8Array = randomId(),
    token: Uint8Array = NOTHING,
    frames: Uint8Array = this.#frames,
    number = token.length === 0 ? 0 : 1,
  ): Uint8Array {
    const keys = new InitialKeys(this.#engine, Version.V1, destinationId).client;
    const builder = this.#builder;
    builder.begin(this.#buffer, Math.max(SIZE, frames.length + token.length + 80));
    const type = PacketType.Initial;
    builder.startLong(type, Version.V1, destinationId, this.#sourceId, token, number, 2, keys);
    builder.writer.put(frames.subarray(0, builder.writer.room));
    return this.#buffer.slice(0, builder.endDatagram(SIZE));
  }

  /** What a client's first packet has in it, and the ID that the client gave itself. */
  #genuine(): [payload: Uint8Array, sourceId: Uint8Array] {
    const buffer = new Uint8Array(SIZE);
    const address = { transport: "udp", hostname: "127.0.0.1", port: 1 } as const;
    const port = { address, buffer };
    const endpoint = new Endpoint({ random: new SystemRandom(), wallTime });
    const tls = {
      serverName: "localhost",
      alpn: ["h3"],
      verification: "insecure",
      groups: [NamedGroup.X25519],
    } as const;
    endpoint.connect({ transport: CLIENT_DEFAULTS, tls }, port, address, 0);
    const { size } = endpoint.transmit(0)!;
    const header = new Header();
    parseHeader(buffer.subarray(0, size), 0, ID_LENGTH, header);
    const sourceId = header.sourceId.slice();
    const keys = new InitialKeys(this.#engine, Version.V1, header.destinationId.slice()).client;
    const out = new Uint8Array(SIZE);
    const length = new PacketOpener().open(header, keys, 0, -1, out);
    return [out.subarray(0, length), sourceId];
  }
}

/** An ID that no connection has. */
export function randomId(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(ID_LENGTH));
}

/** What a datagram says, if it is a Retry. */
export function readRetry(datagram: Uint8Array): RetryAnswer | undefined {
  const header = new Header();
  if (!parseHeader(datagram, 0, ID_LENGTH, header) || header.type !== PacketType.Retry) {
    return undefined;
  }
  return { token: header.token.slice(), sourceId: header.sourceId.slice() };
}
