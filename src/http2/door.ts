// One address that a server over TCP listens on.

import type { Http2SecureServer } from "node:http2";
import type { SecureContextOptions } from "node:tls";
import { connectToSelf } from "../io/tcp_socket.ts";
import { backgroundTimer } from "../io/timer.ts";

/** Milliseconds without a client after which a door is tried, and that its answer may take. */
const KNOCK_INTERVAL = 5_000;
const KNOCK_TIMEOUT = 2_000;
/** Milliseconds between two looks whether a knock was heard. */
const LOOK_INTERVAL = 20;

/**
 * Listens on an address for as long as it is open.
 *
 * A listener of the runtime that had no descriptor for a client hears no other one from then on, and
 * says nothing (Deno 2.9). When nothing has come for a while, the door knocks at itself; where that is
 * not heard either, another listener takes the place of the deaf one, whose clients stay.
 */
export class Door {
  readonly #hostname: string;
  readonly #make: () => Http2SecureServer;
  readonly #interval: number;
  /** Ends of all listeners there were, with those of their clients. */
  readonly #ends: Promise<void>[] = [];
  #server: Http2SecureServer | undefined;
  #port: number;
  /** When a client came last. */
  #heardAt = performance.now();
  /** Resolves when the listener that is just opening has opened, or failed. */
  #opening: Promise<unknown> = Promise.resolve();
  #cancelTimer: () => void = () => {};
  #isClosed = false;

  private constructor(
    make: () => Http2SecureServer,
    hostname: string,
    port: number,
    interval: number,
  ) {
    this.#make = make;
    this.#hostname = hostname;
    this.#port = port;
    this.#interval = interval;
  }

  /**
   * Opens one.
   *
   * @param make Makes a server that listens nowhere yet.
   * @param hostname A literal local address.
   * @param port The TCP port; 0 lets the system choose one.
   * @param interval Milliseconds without a client after which it is tried.
   * @throws {Error} With the `code` of the system, such as EADDRINUSE.
   */
  static async open(
    make: () => Http2SecureServer,
    hostname: string,
    port: number,
    interval = KNOCK_INTERVAL,
  ): Promise<Door> {
    const door = new Door(make, hostname, port, interval);
    await door.#listen();
    door.#arm();
    return door;
  }

  /** The port. */
  get port(): number {
    return this.#port;
  }

  /** Shows clients without a name another certificate from now on. */
  setSecureContext(options: SecureContextOptions): void {
    this.#server?.setSecureContext(options);
  }

  /** Takes no more clients; resolves when those there are have left. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelTimer();
    this.#end(this.#server);
    await this.#opening;
    await Promise.all(this.#ends);
  }

  #listen(): Promise<void> {
    const opening = this.#openNext();
    this.#opening = opening.catch(() => {});
    return opening;
  }

  async #openNext(): Promise<void> {
    const server = this.#make();
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(this.#port, this.#hostname, () => {
        server.off("error", reject);
        resolve();
      });
    });
    server.on("error", () => {});
    server.on("connection", () => this.#heardAt = performance.now());
    const address = server.address();
    if (address !== null && typeof address !== "string") this.#port = address.port;
    if (this.#isClosed) this.#end(server);
    else this.#server = server;
  }

  #end(server: Http2SecureServer | undefined): void {
    if (server) this.#ends.push(new Promise((resolve) => server.close(() => resolve())));
  }

  #arm(): void {
    if (!this.#isClosed) this.#cancelTimer = backgroundTimer(() => this.#look(), this.#interval);
  }

  async #look(): Promise<void> {
    try {
      if (performance.now() - this.#heardAt < this.#interval || await this.#isHeard()) return;
      if (this.#isClosed) return;
      this.#end(this.#server);
      this.#server = undefined;
      await this.#listen();
    } catch {
      // There is no descriptor for it now, say; the next time may be better.
    } finally {
      this.#arm();
    }
  }

  /** Whether a knock is heard; also true where nothing can be said. */
  async #isHeard(): Promise<boolean> {
    const start = performance.now();
    const late = AbortSignal.timeout(KNOCK_TIMEOUT);
    using client = await connectToSelf(this.#hostname, this.#port, late);
    if (!client) return client === undefined;
    const end = start + KNOCK_TIMEOUT;
    while (this.#heardAt < start && performance.now() < end && !this.#isClosed) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_INTERVAL));
    }
    return this.#heardAt >= start;
  }
}
