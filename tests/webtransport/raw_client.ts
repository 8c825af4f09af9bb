import { concatBytes } from "../../src/bytes/bytes.ts";
import { serveConnection } from "../../src/http3/server/server.ts";
import type { H3BidirectionalStream } from "../../src/http3/transport.ts";
import { frame, varints } from "../../src/http3/wire/frame.ts";
import type { WebTransportSession } from "../../src/http3/webtransport/web_transport_session.ts";
import { MemoryTransport } from "../http3/memory_transport.ts";
import { headersFrame, type Lines, RawPeer } from "../http3/raw_peer.ts";

/** Settings of a client that speaks WebTransport, without flow control. */
export const SETTINGS = varints(0x2c7c_f000, 1, 0x33, 1);
/** The fields of a request for a session. */
export const connectLines: Lines = [
  [":method", "CONNECT"],
  [":protocol", "webtransport-h3"],
  [":scheme", "https"],
  [":authority", "localhost"],
  [":path", "/"],
];

/** A client that says what it likes, and the sessions that the server has for it. */
export class RawClient extends RawPeer {
  readonly sessions: WebTransportSession[] = [];

  constructor() {
    const [client, server] = MemoryTransport.pair();
    super(client);
    serveConnection(server, () => new Response("a page"), {
      webTransport: { handler: (session) => void this.sessions.push(session) },
    });
  }

  /** Sends SETTINGS. */
  async begin(settings: Uint8Array = SETTINGS): Promise<this> {
    await this.open(0x00, frame(0x04, settings));
    return this;
  }

  /** Opens a stream both ways that begins with these bytes. */
  async both(...parts: Uint8Array[]): Promise<H3BidirectionalStream> {
    const stream = await this.transport.createBidirectionalStream();
    const writer = stream.writable.getWriter();
    writer.closed.catch(() => {});
    writer.write(concatBytes(...parts)).catch(() => {});
    writer.releaseLock();
    return stream;
  }

  /** Asks for a session and waits until the server has it. */
  async session(): Promise<[stream: H3BidirectionalStream, session: WebTransportSession]> {
    const stream = await this.both(headersFrame(connectLines));
    while (this.sessions.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    return [stream, this.sessions.shift()!];
  }
}

/** Writes on a stream. */
export async function write(stream: H3BidirectionalStream, ...parts: Uint8Array[]): Promise<void> {
  const writer = stream.writable.getWriter();
  await writer.write(concatBytes(...parts));
  writer.releaseLock();
}
