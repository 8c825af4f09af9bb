// Carries bytes between two TCP connections.

import { serverNameIn } from "./client_hello.ts";

/** Bytes that are carried at a time: requests are small, responses are not. */
const REQUEST_CHUNK = 4_096;
const RESPONSE_CHUNK = 65_536;

/** Milliseconds in which a client may hear the end of what was sent to it. */
const FAREWELL = 2_000;

/** How long a client may keep a connection for nothing, in milliseconds. */
export interface TcpPatience {
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
  readonly #startedAt: number;
  readonly #client: Deno.TcpConn;
  #server: Deno.TcpConn | undefined;
  #hasAnswered = false;
  #isWriting = false;
  #endedAt = Infinity;
  #isClosed = false;

  /**
   * @param client The connection that came.
   * @param connecting One to the server, as soon as there is one.
   * @param group The group that the connection counts for.
   */
  constructor(client: Deno.TcpConn, connecting: Promise<Deno.TcpConn>, group: string) {
    this.#client = client;
    this.group = group;
    this.#startedAt = this.progressAt = performance.now();
    const end = () => this.close();
    this.closed = connecting.then((server) => this.#carry(server)).then(end, end);
  }

  /**
   * Whether the time of the client is over: a client that sends a handshake, fields or a body byte
   * by byte, or nothing, is disconnected, and so is a client that reads nothing.
   *
   * @param now A time of `performance.now()`.
   * @param patience How long is too long.
   */
  isOverdue(now: number, { start, idle, stall }: TcpPatience): boolean {
    if (now - this.#endedAt > FAREWELL) return true;
    if (!this.#hasAnswered) return now - this.#startedAt > start;
    return now - this.progressAt > (this.#isWriting ? stall : idle);
  }

  /** Ends it at once. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#client.close();
    this.#server?.close();
  }

  async #carry(server: Deno.TcpConn): Promise<void> {
    if (this.#isClosed) return server.close();
    this.#server = server;
    await Promise.allSettled([this.#carryRequests(server), this.#carryResponses(server)]);
  }

  async #carryRequests(server: Deno.TcpConn): Promise<void> {
    const buffer = new Uint8Array(REQUEST_CHUNK);
    for (let length; (length = await this.#client.read(buffer)) !== null;) {
      // What comes after the server has ended is read all the same: else the client would hear of a
      // reset before it has read the end.
      if (this.#endedAt === Infinity) await writeAll(server, buffer.subarray(0, length));
    }
    await server.closeWrite();
  }

  async #carryResponses(server: Deno.TcpConn): Promise<void> {
    const buffer = new Uint8Array(RESPONSE_CHUNK);
    for (let length; (length = await server.read(buffer)) !== null;) {
      this.#hasAnswered = this.#isWriting = true;
      await writeAll(this.#client, buffer.subarray(0, length), () => {
        this.progressAt = performance.now();
      });
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
