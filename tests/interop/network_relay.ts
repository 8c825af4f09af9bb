/** What a network between two processes does to their datagrams. */
export interface RelayOptions {
  /** Milliseconds each way. @default {15} */
  readonly delay?: number;
  /** Bits per second each way. @default {10e6} */
  readonly rate?: number;
  /** The part of the datagrams that is lost; at most three in a row are. @default {0} */
  readonly loss?: number;
  /** The part of the datagrams that is damaged; at most three in a row are. @default {0} */
  readonly corrupt?: number;
  /** Whether the client's datagrams 2 to 7 are lost. @default {false} */
  readonly dropsSecond?: boolean;
  /** Milliseconds up, then down, again and again. */
  readonly blackhole?: readonly [on: number, off: number];
  /** What changes of the client's address after a second, and then every five. */
  readonly rebind?: "port" | "address";
}

type Timer = ReturnType<typeof setTimeout>;

/** Datagrams that may wait for their turn. */
const QUEUE = 25;
const HEADERS = 28;

/** A network of one client and one server on 127.0.0.1, with the defaults of the interop runner. */
export class NetworkRelay implements Disposable {
  /** Where the client finds the server. */
  readonly port: number;
  readonly #options: RelayOptions;
  readonly #server: Deno.NetAddr;
  readonly #front: Deno.DatagramConn;
  readonly #toServer: Way;
  readonly #toClient: Way;
  readonly #startedAt = performance.now();
  #back: Deno.DatagramConn;
  #client: Deno.Addr | undefined;
  #count = 0;
  #rebinds = 0;
  readonly #old: Deno.DatagramConn[] = [];
  readonly #timers: Timer[] = [];

  /** @param serverPort Where the server listens on 127.0.0.1. */
  constructor(serverPort: number, options: RelayOptions) {
    this.#options = options;
    this.#server = { transport: "udp", hostname: "127.0.0.1", port: serverPort };
    this.#front = open("127.0.0.1");
    this.port = (this.#front.addr as Deno.NetAddr).port;
    this.#back = open("127.0.0.1");
    this.#toServer = new Way(
      options,
      (data) => void this.#back.send(data, this.#server).catch(() => {}),
    );
    this.#toClient = new Way(options, (data) => {
      if (this.#client) this.#front.send(data, this.#client).catch(() => {});
    });
    this.#readFront();
    this.#readBack(this.#back);
    if (options.rebind) this.#timers.push(setTimeout(() => this.#rebind(), 1_000));
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers) clearTimeout(timer);
    for (const way of [this.#toServer, this.#toClient]) way.close();
    for (const socket of [this.#front, this.#back, ...this.#old]) socket.close();
  }

  /** Whether the link carries anything now. */
  get #isUp(): boolean {
    const { blackhole } = this.#options;
    if (!blackhole) return true;
    const [on, off] = blackhole;
    return (performance.now() - this.#startedAt) % (on + off) < on;
  }

  #rebind(): void {
    // What still comes to the old address is lost.
    this.#old.push(this.#back);
    const number = ++this.#rebinds;
    this.#back = open(this.#options.rebind === "port" ? "127.0.0.1" : `127.0.0.${1 + number}`);
    this.#readBack(this.#back);
    this.#timers.push(setTimeout(() => this.#rebind(), 5_000));
  }

  async #readFront(): Promise<void> {
    for await (const [data, from] of this.#front) {
      this.#client = from;
      const number = ++this.#count;
      if (!this.#isUp || this.#options.dropsSecond && number >= 2 && number <= 7) continue;
      this.#toServer.push(data);
    }
  }

  async #readBack(socket: Deno.DatagramConn): Promise<void> {
    for await (const [data] of socket) {
      if (this.#isUp && socket === this.#back) this.#toClient.push(data);
    }
  }
}

/** One direction. */
class Way {
  readonly #options: RelayOptions;
  readonly #deliver: (data: Uint8Array) => void;
  readonly #timers = new Set<Timer>();
  #freeAt = 0;
  #lost = 0;
  #damaged = 0;

  constructor(options: RelayOptions, deliver: (data: Uint8Array) => void) {
    this.#options = options;
    this.#deliver = deliver;
  }

  push(data: Uint8Array): void {
    const { loss = 0, corrupt = 0, delay = 15, rate = 10e6 } = this.#options;
    const now = performance.now();
    const duration = (data.length + HEADERS) * 8_000 / rate;
    if (this.#freeAt - now > QUEUE * 1_500 * 8_000 / rate) return;
    this.#freeAt = Math.max(now, this.#freeAt) + duration;
    this.#lost = this.#lost < 3 && Math.random() < loss ? this.#lost + 1 : 0;
    if (this.#lost > 0) return;
    this.#damaged = this.#damaged < 3 && Math.random() < corrupt ? this.#damaged + 1 : 0;
    const at = Math.floor(Math.random() * data.length);
    if (this.#damaged > 0) data[at]! ^= 1 + Math.floor(Math.random() * 255);
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#deliver(data);
    }, this.#freeAt - now + delay);
    this.#timers.add(timer);
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }
}

function open(hostname: string): Deno.DatagramConn {
  return Deno.listenDatagram({ transport: "udp", hostname, port: 0 });
}
