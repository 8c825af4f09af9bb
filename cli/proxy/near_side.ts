// The near side of the proxy: one port for programs that speak SOCKS 5 or HTTP.

import { type TcpStreams, tcpStreams, type TcpTunnel } from "../../mod.ts";
import { ByteReader } from "./byte_reader.ts";
import { type Gateway, type Obstacle, obstacleOf } from "./gateway.ts";
import {
  contentLength,
  fieldOf,
  forwardedHead,
  httpAnswer,
  type HttpHead,
  originForm,
  readHttpHead,
} from "./http_head.ts";
import { relay } from "./relay.ts";
import {
  greetSocks,
  readSocksRequest,
  SOCKS_VERSION,
  SocksCommand,
  SocksReply,
  socksReply,
} from "./socks.ts";
import { UdpAssociation } from "./udp_association.ts";

/** Bytes of a request's head. */
const MOST_HEAD = 16_384;
/** Milliseconds that a program has to say what it wants. */
const HEAD_TIMEOUT = 10_000;
/** Programs at a time. */
const MOST_PROGRAMS = 4_096;
/** Milliseconds to wait when no connection can be taken. */
const PAUSE = 100;

/** How the near side works. */
export interface NearSideOptions {
  /** Whether a name and a password are good; without it none is asked for. */
  readonly isUser?: (name: string, password: string) => boolean;
  /** Takes what the user should know. */
  readonly onTold: (text: string) => void;
  /** Milliseconds that a program has to say what it wants. */
  readonly headTimeout?: number;
  /** Programs at a time. */
  readonly mostPrograms?: number;
}

/** Listens for programs, and carries what they want through a gateway. */
export class NearSide {
  readonly #listener: Deno.TcpListener;
  readonly #gateway: Gateway;
  readonly #options: NearSideOptions;
  readonly #open = new Set<TcpStreams>();
  #isClosed = false;

  constructor(listener: Deno.TcpListener, gateway: Gateway, options: NearSideOptions) {
    this.#listener = listener;
    this.#gateway = gateway;
    this.#options = options;
    this.#accept();
  }

  /** How many connections programs have. */
  get open(): number {
    return this.#open.size;
  }

  /** Where programs connect to. */
  get addr(): Deno.NetAddr {
    return this.#listener.addr;
  }

  /** Ends all of it. */
  close(): void {
    if (!this.#isClosed) this.#listener.close();
    this.#isClosed = true;
    for (const program of this.#open) program.reset();
  }

  async #accept(): Promise<void> {
    while (!this.#isClosed) {
      try {
        const connection = await this.#listener.accept();
        if (this.#open.size < (this.#options.mostPrograms ?? MOST_PROGRAMS)) this.#take(connection);
        else connection.close();
      } catch {
        // It was closed, or there is no descriptor for one more connection; later there may be.
        await new Promise((resolve) => setTimeout(resolve, PAUSE));
      }
    }
  }

  async #take(connection: Deno.TcpConn): Promise<void> {
    try {
      connection.setNoDelay(true);
    } catch {
      return connection.close(); // macOS has no options for a connection that was reset meanwhile
    }
    const program = tcpStreams(connection);
    this.#open.add(program);
    const gone = new AbortController();
    program.closed.then(() => {
      this.#open.delete(program);
      gone.abort(new Error("The program has left"));
    });
    const reader = new ByteReader(program.readable);
    const client = new Client(
      connection,
      program,
      reader,
      this.#gateway,
      this.#options,
      gone.signal,
    );
    try {
      await client.serve();
    } catch {
      // The program has left, or is reset for what it sent.
    }
    // What was not ended in order by now is cut off.
    program.reset();
  }
}

/** One connection of a program. */
class Client {
  readonly #connection: Deno.TcpConn;
  readonly #program: TcpStreams;
  readonly #reader: ByteReader;
  readonly #gateway: Gateway;
  readonly #options: NearSideOptions;
  /** Aborted when the program has left. */
  readonly #gone: AbortSignal;
  /** Whether the program asks for a head alone. */
  #isHead = false;

  constructor(
    connection: Deno.TcpConn,
    program: TcpStreams,
    reader: ByteReader,
    gateway: Gateway,
    options: NearSideOptions,
    gone: AbortSignal,
  ) {
    this.#connection = connection;
    this.#program = program;
    this.#reader = reader;
    this.#gateway = gateway;
    this.#options = options;
    this.#gone = gone;
  }

  async serve(): Promise<void> {
    const timer = setTimeout(
      () => this.#program.reset(),
      this.#options.headTimeout ?? HEAD_TIMEOUT,
    );
    try {
      const first = await this.#reader.peek();
      if (first === SOCKS_VERSION) {
        const request = await greetSocks(this.#reader, (bytes) =>
          this.#send(bytes), this.#options.isUser) &&
          await readSocksRequest(this.#reader);
        clearTimeout(timer);
        if (request) await this.#serveSocks(request.command, request.target);
      } else if (first !== undefined && first >= 0x41 && first <= 0x5a) {
        const text = await this.#reader.head(MOST_HEAD);
        clearTimeout(timer);
        await this.#serveHttp(text === undefined ? undefined : readHttpHead(text));
      }
    } finally {
      clearTimeout(timer);
    }
  }

  async #serveSocks(command: number, target: string | undefined): Promise<void> {
    if (command === SocksCommand.UdpAssociate) return await this.#associate();
    if (command !== SocksCommand.Connect) {
      return await this.#end(socksReply(SocksReply.CommandNotSupported));
    }
    if (target === undefined) return await this.#end(socksReply(SocksReply.AddressNotSupported));
    let tunnel;
    try {
      tunnel = await this.#gateway.connectTcp(target, this.#gone, "");
    } catch (error) {
      return await this.#end(socksReply(obstacleOf(error).reply));
    }
    await this.#send(socksReply(SocksReply.Succeeded));
    await relay(this.#program, this.#reader, tunnel);
  }

  /** The association ends with the connection that asked for it (RFC 1928). */
  async #associate(): Promise<void> {
    const { hostname } = this.#connection.localAddr;
    const program = this.#connection.remoteAddr.hostname;
    const association = new UdpAssociation(hostname, program, this.#gateway, this.#options.onTold);
    try {
      await this.#send(socksReply(SocksReply.Succeeded, hostname, association.port));
      while (await this.#reader.piece() !== undefined);
    } finally {
      association.close();
    }
  }

  async #serveHttp(head: HttpHead | undefined): Promise<void> {
    if (head === undefined) {
      return await this.#refuse(400, "Bad Request", "Cannot read the request");
    }
    this.#isHead = head.method === "HEAD";
    if (!this.#isUser(head)) {
      return await this.#refuse(
        407,
        "Proxy Authentication Required",
        "Give the name and password",
        [
          'Proxy-Authenticate: Basic realm="mpquic"',
        ],
      );
    }
    const via = fieldOf(head, "via");
    if (via.split(",").some((hop) => hop.trim().split(/\s+/)[1] === this.#gateway.hop)) {
      return await this.#refuse(502, "Bad Gateway", "The request has been here before", [
        `Proxy-Status: ${this.#gateway.hop}; error=proxy_loop_detected`,
      ]);
    }
    if (head.method === "CONNECT") return await this.#connect(head, via);
    const url = URL.parse(head.target);
    if (url === null || !head.target.includes("://")) {
      return await this.#refuse(400, "Bad Request", "This is a proxy: it serves nothing by itself");
    }
    if (url.protocol !== "http:") {
      return await this.#refuse(400, "Bad Request", "Ask for http:// URLs, or by CONNECT");
    }
    // RFC 9110, Section 7.7: a proxy changes neither the path nor the query.
    const path = originForm(head);
    if (path === undefined) return await this.#refuse(400, "Bad Request", "Cannot read the URL");
    await this.#forward(head, url, path, via);
  }

  #isUser(head: HttpHead): boolean {
    const { isUser } = this.#options;
    if (isUser === undefined) return true;
    const [, value] = /^basic +([\w+/=]+)$/i.exec(fieldOf(head, "proxy-authorization")) ?? [];
    try {
      const bytes = Uint8Array.from(atob(value ?? ""), (char) => char.charCodeAt(0));
      const [, name, password] = /^([^:]*):([^]*)$/.exec(new TextDecoder().decode(bytes)) ?? [];
      return name !== undefined && isUser(name, password!);
    } catch {
      return false; // it is not Base64
    }
  }

  async #connect({ target }: HttpHead, via: string): Promise<void> {
    const tunnel = await this.#openTunnel(target, via);
    if (tunnel === undefined) return;
    await this.#send(new TextEncoder().encode("HTTP/1.1 200 Connection established\r\n\r\n"));
    await relay(this.#program, this.#reader, tunnel);
  }

  async #forward(head: HttpHead, url: URL, path: string, via: string): Promise<void> {
    const length = contentLength(head);
    if (length === undefined) {
      return await this.#refuse(400, "Bad Request", "Cannot tell the length");
    }
    const target = `${url.hostname}:${url.port || 80}`;
    const first = latin1(forwardedHead(head, url, path, this.#gateway.hop));
    const tunnel = await this.#openTunnel(target, via, first);
    if (tunnel !== undefined) await relay(this.#program, this.#reader, tunnel, length);
  }

  /** Opens a tunnel, or tells a program that speaks HTTP why there is none. */
  async #openTunnel(
    target: string,
    via: string,
    first?: Uint8Array,
  ): Promise<TcpTunnel | undefined> {
    try {
      return await this.#gateway.connectTcp(target, this.#gone, via, first);
    } catch (error) {
      if (error instanceof TypeError && error.message.includes("give a host and its port")) {
        await this.#refuse(400, "Bad Request", "Ask for a host and its port");
      } else {
        await this.#refuseFor(obstacleOf(error));
      }
      return undefined;
    }
  }

  #refuseFor({ status, text, proxyStatus }: Obstacle): Promise<void> {
    const fields = proxyStatus === undefined ? [] : [`Proxy-Status: ${proxyStatus}`];
    return this.#refuse(status, REASONS[status] ?? "Bad Gateway", text, fields);
  }

  #refuse(
    status: number,
    reason: string,
    text: string,
    fields: readonly string[] = [],
  ): Promise<void> {
    return this.#end(httpAnswer(status, reason, text, fields, this.#isHead));
  }

  async #send(bytes: Uint8Array): Promise<void> {
    const writer = this.#program.writable.getWriter();
    writer.closed.catch(() => {});
    await writer.write(bytes);
    writer.releaseLock();
  }

  /** Sends the last bytes, and waits until the program has taken them and left, or for a while. */
  async #end(bytes: Uint8Array): Promise<void> {
    await this.#send(bytes);
    await this.#program.writable.close();
    const timer = setTimeout(() => this.#program.reset(), LEAVING);
    try {
      while (await this.#reader.piece() !== undefined);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Milliseconds that a program has to read an answer of ours. */
const LEAVING = 2_000;

const REASONS: Readonly<Record<number, string>> = {
  403: "Forbidden",
  429: "Too Many Requests",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

function latin1(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}
