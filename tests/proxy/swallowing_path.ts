// A path between clients and a server that can stop carrying datagrams.

/** Carries datagrams between clients and a server, until those of known clients are swallowed. */
export class SwallowingPath implements Disposable {
  readonly #front = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  readonly #backs = new Map<number, Deno.DatagramConn>();
  readonly #swallowed = new Set<number>();
  readonly #server: Deno.NetAddr;
  readonly #pause: number;
  #isShut = false;
  #hasAnswers = true;

  /** @param pause Milliseconds that all wait behind the first datagram of a client. */
  constructor(port: number, pause = 0) {
    this.#pause = pause;
    this.#server = { transport: "udp", hostname: "127.0.0.1", port };
    this.#run().catch(() => {});
  }

  get port(): number {
    return (this.#front.addr as Deno.NetAddr).port;
  }

  /** Swallows what the clients so far send and get. */
  swallow(): void {
    for (const port of this.#backs.keys()) this.#swallowed.add(port);
  }

  /** Swallows all, of clients to come as well. */
  swallowAll(): void {
    this.#isShut = true;
  }

  /** Swallows what the server sends, and nothing else. */
  swallowAnswers(): void {
    this.#hasAnswers = false;
  }

  /** Ends the swallowing. */
  carry(): void {
    this.#hasAnswers = true;
    this.#isShut = false;
    this.#swallowed.clear();
  }

  #carries(port: number): boolean {
    return !this.#isShut && !this.#swallowed.has(port);
  }

  async #run(): Promise<void> {
    for await (const [data, from] of this.#front) {
      const { port } = from as Deno.NetAddr;
      if (this.#carries(port)) {
        const isFirst = !this.#backs.has(port);
        await this.#back(from as Deno.NetAddr).send(data, this.#server);
        if (isFirst) await new Promise((resolve) => setTimeout(resolve, this.#pause));
      }
    }
  }

  #back(client: Deno.NetAddr): Deno.DatagramConn {
    let back = this.#backs.get(client.port);
    if (back === undefined) {
      back = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
      this.#backs.set(client.port, back);
      this.#answer(back, client).catch(() => {});
    }
    return back;
  }

  async #answer(back: Deno.DatagramConn, client: Deno.NetAddr): Promise<void> {
    for await (const [data] of back) {
      const isCarried = this.#hasAnswers && this.#carries(client.port);
      if (isCarried) await this.#front.send(data, client);
    }
  }

  [Symbol.dispose](): void {
    for (const socket of [this.#front, ...this.#backs.values()]) socket.close();
  }
}
