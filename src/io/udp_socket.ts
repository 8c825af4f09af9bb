import type { Address } from "../path/address.ts";
import type { Port } from "../path/port.ts";

/** Larger than any datagram this implementation builds; room for jumbo frames. */
const OUTGOING_SIZE = 9_216;
/** No datagram is larger than this. */
const INCOMING_SIZE = 65_535;

/** So many failures to receive in a row, and the socket is taken to be broken. */
const MAX_FAILURES = 16;

/** Errors of a send that say nothing about the way to the peer: the datagram is lost, that is all. */
const PASSING: ReadonlySet<string> = new Set([
  "EAGAIN",
  "EWOULDBLOCK",
  "EINTR",
  "ENOBUFS",
  "ENOMEM",
  "EMSGSIZE",
]);

/** Who hears what happens at a socket. All calls are synchronous. */
export interface SocketListener {
  /** A datagram came. It lies in the socket's buffer and is valid during the call only. */
  onDatagram(datagram: Uint8Array, socket: UdpSocket, remote: Address): void;
  /** The outgoing buffer is free again. */
  onFree(socket: UdpSocket): void;
  /** The system refuses to send to this address from here: no route, no interface, no permission. */
  onUnreachable(socket: UdpSocket, remote: Address, error: Error): void;
  /** The socket can no longer receive, and has closed itself. */
  onBroken(socket: UdpSocket, error: Error): void;
}

/**
 * One UDP socket as a port: it lends one outgoing buffer and has one datagram under way.
 *
 * `Deno.DatagramConn.send` may read the buffer later than it returns, so the buffer is lent again
 * only when the promise has resolved. Receiving into an own buffer saves 64 KiB per datagram.
 */
export class UdpSocket implements Port {
  readonly address: Address;
  readonly #conn: Deno.DatagramConn;
  readonly #outgoing = new Uint8Array(OUTGOING_SIZE);
  readonly #incoming = new Uint8Array(INCOMING_SIZE);
  readonly #onSent: () => void;
  readonly #onSendFailed: (error: unknown) => void;
  #buffer: Uint8Array | undefined = this.#outgoing;
  #listener: SocketListener | undefined;
  #sendingTo: Address;
  #lastRemote: Address;
  #isClosed = false;

  /** Takes over an open socket. */
  constructor(conn: Deno.DatagramConn) {
    const { hostname, port } = conn.addr as Deno.NetAddr;
    this.#conn = conn;
    this.address = { transport: "udp", hostname, port };
    this.#sendingTo = this.address;
    this.#lastRemote = this.address;
    this.#onSent = () => this.#release();
    this.#onSendFailed = (error) => this.#sendFailed(error);
  }

  /** Opens a socket at a local address; port 0 lets the system choose one. */
  static open(hostname: string, port: number): UdpSocket {
    return new UdpSocket(Deno.listenDatagram({ transport: "udp", hostname, port }));
  }

  get buffer(): Uint8Array | undefined {
    return this.#buffer;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Sends the first `size` bytes of the buffer, which is lent again when they are gone. */
  send(size: number, to: Address): void {
    if (this.#isClosed) return;
    this.#buffer = undefined;
    this.#sendingTo = to;
    this.#conn.send(this.#outgoing.subarray(0, size), to).then(this.#onSent, this.#onSendFailed);
  }

  /** Receives until the socket is closed. Call it once. */
  async listen(listener: SocketListener): Promise<void> {
    this.#listener = listener;
    let failures = 0;
    while (!this.#isClosed) {
      let result: [Uint8Array, Deno.Addr];
      try {
        result = await this.#conn.receive(this.#incoming);
      } catch (error) {
        if (this.#isClosed) return;
        // An ICMP message may fail one call to receive; a broken socket fails all of them.
        if (++failures <= MAX_FAILURES) continue;
        this.close();
        return listener.onBroken(this, error as Error);
      }
      failures = 0;
      listener.onDatagram(result[0], this, this.#remoteOf(result[1] as Deno.NetAddr));
    }
  }

  /** Waiting for datagrams no longer keeps the process. */
  unref(): void {
    if (!this.#isClosed) (this.#conn as Partial<Pick<Deno.Listener, "unref">>).unref?.();
  }

  /** Closes the socket; a datagram that waits is not sent. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#buffer = undefined;
    this.#conn.close();
  }

  #release(): void {
    if (this.#isClosed) return;
    this.#buffer = this.#outgoing;
    this.#listener?.onFree(this);
  }

  #sendFailed(error: unknown): void {
    if (this.#isClosed) return;
    this.#buffer = this.#outgoing;
    if (isPassing(error)) this.#listener?.onFree(this);
    else this.#listener?.onUnreachable(this, this.#sendingTo, error as Error);
  }

  /** The same object for the same peer as long as nobody else speaks: comparing is cheap then. */
  #remoteOf(from: Deno.NetAddr): Address {
    const last = this.#lastRemote;
    const { port } = from;
    const hostname = unmapped(from.hostname);
    if (last.port === port && last.hostname === hostname) return last;
    this.#lastRemote = { transport: "udp", hostname, port };
    return this.#lastRemote;
  }
}

/** `192.0.2.1` for `::ffff:192.0.2.1`, as sockets for both families show IPv4 peers. */
function unmapped(hostname: string): string {
  return hostname.startsWith("::ffff:") && hostname.includes(".") ? hostname.slice(7) : hostname;
}

function isPassing(error: unknown): boolean {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === "string" && PASSING.has(code);
}
