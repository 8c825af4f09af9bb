/** Where a datagram goes. */
interface Target {
  readonly hostname: string;
  readonly port: number;
}

/**
 * Stands between one client and a server: it can lose what the server says, and send once more what a
 * client began with.
 */
export class UdpRelay implements Disposable {
  /** Whether nothing of the server comes through. */
  isDeaf = false;
  readonly #near = open("127.0.0.1");
  readonly #far: Deno.DatagramConn;
  readonly #server: Deno.NetAddr;
  readonly #local: string;
  /** The datagrams with Initial and 0-RTT packets of the client. */
  readonly #flight: Uint8Array[] = [];
  #client: Deno.Addr | undefined;

  /** @param local The address by which it reaches the server. */
  constructor({ hostname, port }: Target, local = "127.0.0.1") {
    this.#server = { transport: "udp", hostname, port };
    this.#local = local;
    this.#far = open(local);
    pass(this.#near, async (bytes, from) => {
      this.#client = from;
      if (isFirst(bytes)) this.#flight.push(bytes.slice());
      await this.#far.send(bytes, this.#server);
    });
    pass(this.#far, async (bytes) => {
      if (!this.isDeaf) await this.#near.send(bytes, this.#client!);
    });
  }

  /** Where the client connects to. */
  get port(): number {
    return (this.#near.addr as Deno.NetAddr).port;
  }

  /** Sends again what the client began with, from another port; takes no answer. */
  async replay(): Promise<void> {
    const socket = open(this.#local);
    for (const bytes of this.#flight) await socket.send(bytes, this.#server);
    socket.close();
  }

  [Symbol.dispose](): void {
    this.#near.close();
    this.#far.close();
  }
}

function open(hostname: string): Deno.DatagramConn {
  return Deno.listenDatagram({ transport: "udp", hostname, port: 0 });
}

async function pass(
  socket: Deno.DatagramConn,
  send: (bytes: Uint8Array, from: Deno.Addr) => Promise<unknown>,
): Promise<void> {
  for await (const [bytes, from] of socket) await send(bytes, from).catch(() => {});
}

/** Whether a datagram of version 1 begins with an Initial or 0-RTT packet (RFC 9000, Section 17.2). */
function isFirst(bytes: Uint8Array): boolean {
  return (bytes[0]! & 0xe0) === 0xc0;
}
