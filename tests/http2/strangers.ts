// Clients of HTTP/2 and HTTP/1.1 that know nothing of this project: the runtime's and its TLS.

import { type ClientHttp2Session, type ClientHttp2Stream, connect as connectH2 } from "node:http2";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { encodeCapsule } from "../../src/http3/wire/capsule.ts";
import { cert } from "../http3/deno_quic.ts";
import { within } from "../http3/raw_peer.ts";

/** What a stream brought. */
export interface Outcome {
  /** The status; 0 if there was no response. */
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  /** The code that the stream was reset with; 0 for none. */
  readonly code: number;
}

/** A client of HTTP/2. */
export class H2Stranger implements AsyncDisposable {
  readonly session: ClientHttp2Session;

  private constructor(session: ClientHttp2Session) {
    this.session = session;
    session.on("error", () => {});
  }

  static async connect(port: number, more: object = {}): Promise<H2Stranger> {
    const session = connectH2(`https://localhost:${port}`, { ca: cert, ...more });
    const stranger = new H2Stranger(session);
    await within(new Promise((resolve) => session.once("remoteSettings", resolve)));
    return stranger;
  }

  /** Begins a request; it stays open. */
  begin(fields: Record<string, string>): ClientHttp2Stream {
    const stream = this.session.request(fields, { endStream: false });
    stream.on("error", () => {});
    return stream;
  }

  /** Asks for a TCP tunnel, sends a text and the end of it, and waits for all. */
  async tunnel(target: string, fields: Record<string, string>, text = ""): Promise<Outcome> {
    const stream = this.begin({ ":method": "CONNECT", ":authority": target, ...fields });
    stream.end(text);
    return await outcomeOf(stream);
  }

  /** Asks for UDP to a host. */
  udp(target: string, fields: Record<string, string>): ClientHttp2Stream {
    const path = `/.well-known/masque/udp/${target.replace(":", "/")}/`;
    return this.begin({
      ":method": "CONNECT",
      ":protocol": "connect-udp",
      ":scheme": "https",
      ":authority": "localhost",
      ":path": path,
      "capsule-protocol": "?1",
      ...fields,
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.session.destroy();
    return Promise.resolve();
  }
}

/** Waits for the head of a response. */
export async function headOf(stream: ClientHttp2Stream): Promise<Record<string, unknown>> {
  return await within(
    new Promise((resolve, reject) => {
      stream.once("response", resolve);
      stream.once("close", () => reject(new Error(`closed with ${stream.rstCode}`)));
    }),
  );
}

/** Waits until a stream is over. */
export async function outcomeOf(stream: ClientHttp2Stream): Promise<Outcome> {
  let headers: Record<string, unknown> = {};
  let text = "";
  stream.on("response", (fields) => headers = fields);
  stream.on("data", (data: Uint8Array) => text += new TextDecoder().decode(data));
  await within(new Promise((resolve) => stream.once("close", resolve)), 20_000);
  const status = Number(headers[":status"] ?? 0);
  return { status, headers, text, code: stream.rstCode ?? 0 };
}

/** A capsule with a UDP payload. */
export function udpCapsule(payload: Uint8Array): Uint8Array<ArrayBuffer> {
  return encodeCapsule(0, Uint8Array.of(0, ...payload));
}

/** A client of HTTP/1.1 that writes its requests itself. */
export class H1Stranger implements AsyncDisposable {
  readonly socket: TLSSocket;
  #text = "";
  #isOver = false;

  private constructor(socket: TLSSocket) {
    this.socket = socket;
    socket.on("data", (data: Uint8Array) => {
      for (const byte of data) this.#text += String.fromCharCode(byte);
    });
    for (const event of ["end", "close"]) socket.on(event, () => this.#isOver = true);
    socket.on("error", () => {});
  }

  static async connect(port: number, more: object = {}): Promise<H1Stranger> {
    const options = { host: "localhost", servername: "localhost", port, ca: cert };
    const alpn = { ALPNProtocols: ["http/1.1"], allowHalfOpen: true };
    const socket = connectTls({ ...options, ...alpn, ...more });
    const stranger = new H1Stranger(socket);
    await within(new Promise((resolve) => socket.once("secureConnect", resolve)));
    return stranger;
  }

  send(data: string | Uint8Array): void {
    this.socket.write(data);
  }

  end(): void {
    this.socket.end();
  }

  /** All that has come, as soon as a pattern is in it, or the connection is over. */
  async until(pattern: RegExp): Promise<string> {
    return await within(
      (async () => {
        while (!pattern.test(this.#text) && !this.#isOver) {
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        return this.#text;
      })(),
      20_000,
    );
  }

  /** All to the end. */
  async rest(): Promise<string> {
    return await this.until(/(?!)/);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy();
    return Promise.resolve();
  }
}
