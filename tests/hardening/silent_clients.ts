import assert from "node:assert/strict";
import { chooseEngine } from "../../src/crypto/engine.ts";
import { InitialKeys } from "../../src/crypto/initial_keys.ts";
import { Header, parseHeader } from "../../src/packet/header.ts";
import { PacketBuilder } from "../../src/packet/packet_builder.ts";
import { PacketOpener } from "../../src/packet/packet_opener.ts";
import { PacketType } from "../../src/packet/packet_type.ts";
import type { Address } from "../../src/path/address/address.ts";
import type { Pair } from "../sim/pair.ts";
import type { SimPort } from "../../src/sim/sim_port.ts";

const NOTHING = new Uint8Array(0);
const SIZE = 1_200;

/** An Initial to send, once its turn comes. */
interface Answer {
  readonly port: SimPort;
  readonly id: Uint8Array;
  readonly token: Uint8Array;
}

/**
 * Clients that begin handshakes from some addresses, prove these by answering Retry, and say nothing
 * more. Their ClientHello is a real one, always the same.
 */
export class SilentClients {
  /** Datagrams sent, those of them with a token, and Retries that came. */
  sent = 0;
  proven = 0;
  retries = 0;
  readonly #pair: Pair;
  readonly #ports: SimPort[];
  readonly #hello: Uint8Array;
  readonly #source: Uint8Array;
  readonly #answers: Answer[] = [];
  readonly #header = new Header();
  #next = 0;

  constructor(pair: Pair, hostnames: readonly string[]) {
    this.#pair = pair;
    const { network } = pair.world;
    this.#ports = hostnames.map((hostname) => {
      const address: Address = { transport: "udp", hostname, port: 9_999 };
      return network.port(address, (datagram, port) => this.#onAnswer(datagram, port));
    });
    [this.#source, this.#hello] = this.#record();
  }

  /** Sends so many datagrams a second from now on; half of them answers, if there are any to give. */
  attack(perSecond: number): void {
    const { events } = this.#pair.world.network;
    const send = () => {
      this.#send(this.#answers.shift() ?? this.#beginning());
      events.call(events.now + 1_000 / perSecond, send);
    };
    send();
  }

  /** Begins so many handshakes at once. */
  begin(count: number): void {
    for (let i = 0; i < count; i++) this.#send(this.#beginning());
    this.#pair.run({ until: this.#pair.now });
  }

  /** Answers all Retries that have come. */
  answer(): void {
    for (const answer of this.#answers.splice(0)) this.#send(answer);
    this.#pair.run({ until: this.#pair.now });
  }

  #beginning(): Answer {
    const port = this.#ports[this.#next++ % this.#ports.length]!;
    return { port, id: this.#pair.world.random.bytes(8), token: NOTHING };
  }

  #send({ port, id, token }: Answer): void {
    const { client } = new InitialKeys(chooseEngine(), 1, id);
    const builder = new PacketBuilder();
    const buffer = new Uint8Array(SIZE);
    builder.begin(buffer, SIZE);
    builder.startLong(PacketType.Initial, 1, id, this.#source, token, this.sent % 100, 2, client);
    builder.writer.put(this.#hello);
    assert.equal(builder.endDatagram(SIZE), SIZE);
    this.sent++;
    if (token.length > 0) this.proven++;
    this.#pair.world.network.send(port, buffer, this.#pair.serverPorts[0]!.publicAddress);
  }

  #onAnswer(datagram: Uint8Array, port: SimPort): void {
    const header = this.#header;
    if (!parseHeader(datagram, 0, 8, header) || header.type !== PacketType.Retry) return;
    this.retries++;
    this.#answers.push({ port, id: header.sourceId.slice(), token: header.token.slice() });
  }

  /** What a real client says first: its ID and its CRYPTO frame. */
  #record(): [Uint8Array, Uint8Array] {
    const { client, clientPorts } = this.#pair;
    const connection = this.#pair.start();
    const out = connection.transmit(this.#pair.now)!;
    const datagram = clientPorts[0]!.buffer!.slice(0, out.size);
    const header = new Header();
    assert.ok(parseHeader(datagram, 0, 8, header));
    const keys = new InitialKeys(chooseEngine(), 1, header.destinationId);
    const plaintext = new Uint8Array(out.size);
    const size = new PacketOpener().open(header, keys.client, 0, -1, plaintext);
    connection.close(0, "", this.#pair.now);
    client.endpoint.touch(connection);
    this.#pair.run({ until: this.#pair.now + 10_000 });
    // Without the padding, to leave room for a token.
    const end = plaintext.subarray(0, size).findLastIndex((byte) => byte !== 0) + 1;
    return [header.sourceId.slice(), plaintext.slice(0, end)];
  }
}
