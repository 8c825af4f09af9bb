import type { Writer } from "../../src/bytes/writer.ts";
import { Hub } from "../../src/api/hub.ts";
import { CLIENT_DEFAULTS, type TransportConfig } from "../../src/connection/config.ts";
import type { Connection } from "../../src/connection/connection.ts";
import type { ConnectionEvent } from "../../src/connection/event.ts";
import { Endpoint } from "../../src/endpoint/endpoint.ts";
import type { ClientConfig } from "../../src/endpoint/options.ts";
import { writeStreamHeader } from "../../src/frame/stream.ts";
import { wallTime } from "../../src/io/clock.ts";
import { socketOpener } from "../../src/io/open_socket.ts";
import { SystemRandom } from "../../src/io/random.ts";
import { UdpSocket } from "../../src/io/udp_socket.ts";
import { PacketBuilder } from "../../src/packet/packet_builder.ts";
import type { Path } from "../../src/path/path.ts";
import { NamedGroup } from "../../src/tls/code/code_point.ts";

/** Frames as bytes: a callback that writes them. */
export type Frames = (writer: Writer) => void;

const SIZE = 1_200;

/** How an attacker connects. */
export interface RawOptions {
  readonly port: number;
  /** Where it is, on the loopback interface. */
  readonly from: string;
  readonly config?: Partial<TransportConfig>;
  readonly tls?: Partial<ClientConfig["tls"]>;
}

/**
 * A real connection of the core, with its keys in the hands of an attacker that puts packets
 * of its own among those of the connection.
 */
export class RawConnection {
  readonly connection: Connection;
  readonly hub: Hub;
  /** Bytes of the datagrams that were put in between. */
  sent = 0;
  /** Whether the connection has ended. */
  isClosed = false;
  readonly #builder = new PacketBuilder();
  /** A client's socket, past which it can send. */
  #conn: Deno.DatagramConn | undefined;
  #socket: UdpSocket | undefined;

  /** Takes over a connection, its handshake complete or not. */
  constructor(hub: Hub, connection: Connection) {
    this.hub = hub;
    this.connection = connection;
  }

  /** Connects to a server; undefined if it does not want that, or does not answer. */
  static connect(options: RawOptions): Promise<RawConnection | undefined> {
    const endpoint = new Endpoint({ random: new SystemRandom(), wallTime });
    const hub = new Hub(endpoint, socketOpener());
    const { from: hostname } = options;
    const conn = Deno.listenDatagram({ transport: "udp", hostname, port: 0 });
    const socket = new UdpSocket(conn);
    hub.driver.add(socket);
    const remote = { transport: "udp", hostname: "127.0.0.1", port: options.port } as const;
    const transport = { ...CLIENT_DEFAULTS, maxConcurrentPaths: 1, keepAliveInterval: 5_000 };
    const tls: ClientConfig["tls"] = {
      serverName: "localhost",
      alpn: ["h3"],
      verification: "insecure",
      groups: [NamedGroup.X25519],
      ...options.tls,
    };
    const config = { transport: { ...transport, ...options.config }, tls };
    const connection = hub.endpoint.connect(config, socket, remote, hub.driver.now);
    const raw = new RawConnection(hub, connection);
    raw.#conn = conn;
    raw.#socket = socket;
    const connected = Promise.withResolvers<RawConnection | undefined>();
    hub.add(connection, (event) => {
      if (event.type === "handshakeCompleted") connected.resolve(raw);
      if (event.type !== "closed") return raw.onEvent(event);
      raw.abandon();
      connected.resolve(undefined);
    });
    return connected.promise;
  }

  /** Hears what happens in the connection. */
  onEvent: (event: ConnectionEvent) => void = () => {};

  /** Sends frames in one 1-RTT packet, past everything that bounds the connection. */
  send(frames: Frames, size = SIZE): void {
    const path = this.connection.paths.find(0);
    const socket = path?.current.port as UdpSocket | undefined;
    const { buffer } = socket ?? {};
    if (this.isClosed || path === undefined || buffer === undefined) return;
    socket!.send(this.#seal(path, frames, buffer, size), path.current.remote);
  }

  /** The same with a datagram of any size, past the socket of the connection; for clients. */
  async sendAlone(frames: Frames, size: number): Promise<void> {
    const path = this.connection.paths.find(0);
    if (this.isClosed || path === undefined) return;
    const buffer = new Uint8Array(size);
    const length = this.#seal(path, frames, buffer, size);
    await this.#conn!.send(buffer.subarray(0, length), path.current.remote);
  }

  #seal(path: Path, frames: Frames, buffer: Uint8Array, size: number): number {
    const keys = this.connection.keys.oneRtt!;
    const builder = this.#builder;
    builder.begin(buffer, size);
    const { nextNumber } = path.space;
    const { current: id } = path.slot.remote;
    builder.startShort(id, nextNumber, 4, 0, keys.phase, path.id, keys);
    frames(builder.writer);
    const length = builder.endDatagram();
    // The connection takes it for its own, so that acknowledgements of it are no surprise.
    const now = this.hub.driver.now;
    const packet = path.space.sent.take().reset(nextNumber, length, now, path.current);
    packet.isEliciting = packet.isInFlight = false;
    path.space.onSent(packet, now);
    this.sent += length;
    return length;
  }

  /** Lets go of it without a word. */
  abandon(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.hub.abort();
    this.#socket?.close();
  }
}

/** A STREAM frame. */
export function streamFrame(id: number, offset: number, data: Uint8Array, fin = false): Frames {
  return (writer) => {
    writeStreamHeader(writer, id, offset, data.length, fin);
    writer.put(data);
  };
}
