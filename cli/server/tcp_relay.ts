// Carries bytes between two TCP connections.

import { showConnection } from "../../mod.ts";
import { serverNameIn } from "./client_hello.ts";
import { type RateLimits, RateMeter } from "./rate_meter.ts";
import { RequestPlaces } from "./request_places.ts";

/** Bytes that are carried at a time: requests are small, responses are not. */
const REQUEST_CHUNK = 4_096;
const RESPONSE_CHUNK = 65_536;
/** Bytes in which a client must say what it asks for; the longest of today's have 2,000. */
const MOST_HELLO = 16_384;

/** Milliseconds in which a client may hear the end of what was sent to it. */
const FAREWELL = 2_000;

/** How long a client may keep a connection for nothing, in milliseconds. */
export interface TcpPatience extends RateLimits {
  /** Until the first byte goes to the client: the beginning of a TLS handshake. */
  readonly start: number;
  /** Between two bytes that there are for the client, whatever it sends meanwhile. */
  readonly idle: number;
  /** Between two bytes that it takes of those that there are. */
  readonly stall: number;
}

/** Carries the bytes of one connection to a server and back, and knows when the client took any. */
export class TcpRelay {
  /** The group that the connection counts for. */
  readonly group: string;
  /** Resolves when both connections are closed. */
  readonly closed: Promise<void>;
  /** When the client took something last; the beginning before. */
  progressAt: number;
  readonly #places: RequestPlaces;
  /** What is awaited of contents of requests, and what is taken of answers. */
  readonly #incoming = new RateMeter();
  readonly #outgoing = new RateMeter();
  readonly #startedAt: number;
  readonly #client: Deno.TcpConn;
  #server: Deno.TcpConn | undefined;
  #serverName = "";
  /** Requests whose content is awaited. */
  #awaited = 0;
  #hasAnswered = false;
  #received = 0;
  #sent = 0;
  #isWriting = false;
  #endedAt = Infinity;
  #isClosed = false;

  /**
   * @param client The connection that came.
   * @param connect Makes one to the server of a name; the name is empty if the client asks for none.
   * @param group The group that the connection counts for.
   * @param requests How many requests there may be at a time.
   */
  constructor(
    client: Deno.TcpConn,
    connect: (serverName: string) => Promise<Deno.TcpConn>,
    group: string,
    requests: number,
  ) {
    this.#client = client;
    this.#places = new RequestPlaces(requests);
    this.group = group;
    this.#startedAt = this.progressAt = performance.now();
    const end = () => this.close();
    this.closed = this.#carry(connect).then(end, end);
  }

  /**
   * Whether the time of the client is over: a client that sends a handshake, fields or a body byte
   * by byte, or nothing, is disconnected, and so is a client that reads nothing.
   *
   * @param now A time of `performance.now()`.
   * @param patience How long is too long.
   */
  isOverdue(now: number, patience: TcpPatience): boolean {
    const { start, idle, stall } = patience;
    if (now - this.#endedAt > FAREWELL) return true;
    const meters = [this.#incoming, this.#outgoing];
    if (meters.some((meter) => meter.isTooSlow(now, patience))) return true;
    if (!this.#hasAnswered) return now - this.#startedAt > start;
    return now - this.progressAt > (this.#isWriting || this.#awaited > 0 ? stall : idle);
  }

  /** Whether the server has not answered its handshake yet. */
  get isOpening(): boolean {
    return !this.#hasAnswered;
  }

  /**
   * A request has come; resolves when it may be answered, as there are not too many of its
   * connection.
   *
   * @param over Settles when the request is over.
   * @returns False if it was over before that.
   */
  async enter(over: Promise<void>): Promise<boolean> {
    if (this.#places.taken === 0) {
      this.#incoming.reset();
      this.#outgoing.reset();
    }
    return await this.#places.take(over);
  }

  /**
   * The server reads the content of a request, for which HTTP/1.1 sends nothing back: until that is
   * over, what the client sends counts as progress.
   *
   * @param over Settles when the request is over.
   */
  awaitContent(over: Promise<void>): void {
    this.#awaited++;
    this.progressAt = performance.now();
    this.#incoming.begin(this.progressAt);
    const end = () => {
      this.#awaited--;
      this.progressAt = performance.now();
      if (this.#awaited === 0) this.#incoming.end(this.progressAt, 0);
    };
    over.then(end, end);
  }

  /** The name that the client asks for in its handshake; empty if none, or not known yet. */
  get serverName(): string {
    return this.#serverName;
  }

  /** The address of the client. */
  get address(): string {
    return this.#client.remoteAddr.hostname;
  }

  /** The local port of the connection to the server; undefined before there is one. */
  get port(): number | undefined {
    return this.#server?.localAddr.port;
  }

  /** Ends it at once. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#client.close();
    this.#server?.close();
  }

  async #carry(connect: (serverName: string) => Promise<Deno.TcpConn>): Promise<void> {
    const hello = await this.#readHello();
    if (hello === undefined) return;
    const server = await connect(this.#serverName);
    if (this.#isClosed) return server.close();
    this.#server = server;
    await writeAll(server, hello);
    await Promise.allSettled([this.#carryRequests(server), this.#carryResponses(server)]);
  }

  /** The first bytes of the client, as many as tell what it asks for; undefined if it ends before. */
  async #readHello(): Promise<Uint8Array | undefined> {
    const buffer = new Uint8Array(MOST_HELLO);
    for (let end = 0; end < MOST_HELLO;) {
      const length = await this.#client.read(buffer.subarray(end));
      if (length === null) return undefined;
      end += length;
      const name = serverNameIn(buffer.subarray(0, end));
      if (name === undefined && end < MOST_HELLO) continue;
      this.#serverName = name ?? "";
      return buffer.slice(0, end);
    }
    return undefined;
  }

  /** A live view shows it from the server's first word on. */
  #show(): void {
    // deno-lint-ignore no-this-alias -- the getters below are of another object
    const relay = this;
    showConnection({
      role: "server",
      localAddr: this.#client.localAddr,
      remoteAddr: this.#client.remoteAddr,
      protocol: "HTTP",
      serverName: this.#serverName || undefined,
      closed: this.closed,
      get bytesReceived() {
        return relay.#received;
      },
      get bytesSent() {
        return relay.#sent;
      },
      get openStreams() {
        return relay.#places.taken;
      },
    });
  }

  async #carryRequests(server: Deno.TcpConn): Promise<void> {
    const buffer = new Uint8Array(REQUEST_CHUNK);
    for (let length; (length = await this.#client.read(buffer)) !== null;) {
      // What comes after the server has ended is read all the same: else the client would hear of a
      // reset before it has read the end.
      const now = performance.now();
      this.#received += length;
      if (this.#awaited > 0) this.#incoming.end(now, length);
      if (this.#endedAt === Infinity) await writeAll(server, buffer.subarray(0, length));
      if (this.#awaited > 0) this.#incoming.begin(this.progressAt = performance.now());
    }
    await server.closeWrite();
  }

  async #carryResponses(server: Deno.TcpConn): Promise<void> {
    const buffer = new Uint8Array(RESPONSE_CHUNK);
    for (let length; (length = await server.read(buffer)) !== null;) {
      if (!this.#hasAnswered) this.#show();
      this.#hasAnswered = this.#isWriting = true;
      this.#outgoing.begin(performance.now());
      await writeAll(this.#client, buffer.subarray(0, length), () => {
        this.progressAt = performance.now();
      });
      this.#sent += length;
      this.#outgoing.end(this.progressAt, length);
      this.#isWriting = false;
    }
    this.#endedAt = performance.now();
    await this.#client.closeWrite();
  }
}

async function writeAll(
  conn: Deno.TcpConn,
  bytes: Uint8Array,
  onProgress: () => void = () => {},
): Promise<void> {
  for (let offset = 0; offset < bytes.length;) {
    offset += await conn.write(bytes.subarray(offset));
    onProgress();
  }
}
