/** Says which datagrams get lost: by direction, and by how many of it came before. */
export type LossRule = (direction: "toServer" | "toClient", index: number) => boolean;

/** A place between client and server where datagrams get lost. */
export class Relay implements Disposable {
  /** Where clients find it. */
  readonly port: number;
  readonly #front: Deno.DatagramConn;
  readonly #back: Deno.DatagramConn;
  readonly #server: Deno.NetAddr;
  readonly #isLost: LossRule;
  #client: Deno.Addr | undefined;
  #isClosed = false;

  /** @param serverPort Where the server listens, on 127.0.0.1. */
  constructor(serverPort: number, isLost: LossRule) {
    this.#front = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
    this.#back = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
    this.port = (this.#front.addr as Deno.NetAddr).port;
    this.#server = { transport: "udp", hostname: "127.0.0.1", port: serverPort };
    this.#isLost = isLost;
    this.#toServer();
    this.#toClient();
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#front.close();
    this.#back.close();
  }

  async #toServer(): Promise<void> {
    let index = 0;
    for await (const [datagram, from] of this.#front) {
      this.#client = from;
      if (!this.#isLost("toServer", index++)) {
        await this.#forward(this.#back, datagram, this.#server);
      }
    }
  }

  async #toClient(): Promise<void> {
    let index = 0;
    for await (const [datagram] of this.#back) {
      if (!this.#isLost("toClient", index++)) {
        await this.#forward(this.#front, datagram, this.#client!);
      }
    }
  }

  /** A datagram that was on its way when the place was closed is lost. */
  async #forward(socket: Deno.DatagramConn, datagram: Uint8Array, to: Deno.Addr): Promise<void> {
    try {
      await socket.send(datagram, to);
    } catch (error) {
      if (!this.#isClosed) throw error;
    }
  }
}
