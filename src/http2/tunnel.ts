// Answers a CONNECT that came over TCP: what HTTP/2 and HTTP/1.1 have in common.

import type { Duplex } from "node:stream";
import type { TunnelHandler, TunnelInfo } from "../http3/handler.ts";
import { CapsuleDatagrams } from "./capsule_datagrams.ts";
import { readableOf, write } from "./node_streams.ts";

/** Milliseconds in which a client may hear the end of what was sent to it, and leave by itself. */
const FAREWELL = 2_000;

/** A stream that asks for a tunnel. */
export interface TunnelStream {
  /** Carries the tunnel. */
  readonly duplex: Duplex;
  /** The protocol of extended CONNECT; empty for plain CONNECT. */
  readonly protocol: string;
  /** What the client wants to talk to. */
  readonly url: string;
  readonly headers: Headers;
  /** What came behind the request already. */
  readonly first?: Uint8Array<ArrayBuffer>;
  /** Sends the head of the response; without a body, that is its end. */
  respond(response: Response): void;
  /** Breaks the stream off, as one that has no end. */
  reset(): void;
}

/**
 * Answers a request for a tunnel, and carries it until both directions have ended.
 *
 * @param more What the handler may know of the client.
 * @returns Resolves when nothing is left to do.
 */
export async function carryTunnel(
  stream: TunnelStream,
  handler: TunnelHandler,
  more: Omit<TunnelInfo, "datagrams">,
): Promise<void> {
  const { duplex, protocol, url, headers, first } = stream;
  const gone = new AbortController();
  duplex.on("close", () => gone.abort(new Error("The stream has ended")));
  const incoming = readableOf(duplex, first, () => stream.reset());
  const capsules = protocol === "connect-udp"
    ? new CapsuleDatagrams(incoming, {
      get waiting() {
        return duplex.writableLength;
      },
      write: (bytes) => write(duplex, bytes),
    })
    : undefined;
  capsules?.ended.catch(() => stream.reset());
  const body = capsules ? endOf(capsules.ended) : incoming;
  const { signal } = gone;
  const request = { protocol, url, headers, body, signal };
  const response = await handler(request, { ...more, datagrams: capsules });
  if (duplex.destroyed) {
    // The client has left: what the handler has opened it gives back.
    await response.body?.cancel().catch(ignore);
    return;
  }
  try {
    stream.respond(response);
  } catch (error) {
    await response.body?.cancel(error).catch(ignore);
    throw error;
  }
  if (response.ok) await send(response.body, stream);
  // RFC 9298, Section 3.1: with the socket for the host, a tunnel for UDP is over both ways.
  if (capsules || !response.ok) partFrom(duplex);
}

/**
 * Ends a stream, all of which has been sent: a client that keeps its own direction open would hold
 * the stream for as long as it likes.
 */
export function partFrom(duplex: Duplex): void {
  const timer = setTimeout(() => duplex.destroy(), FAREWELL);
  if (duplex.destroyed) clearTimeout(timer);
  else duplex.on("close", () => clearTimeout(timer));
}

/** A stream without content that ends when something else does. */
function endOf(ended: Promise<void>): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    start(controller) {
      const end = () => controller.close();
      ended.then(end, end).catch(ignore); // it may have been cancelled before
    },
  });
}

async function send(
  body: ReadableStream<Uint8Array<ArrayBuffer>> | null,
  { duplex, reset }: TunnelStream,
): Promise<void> {
  if (body === null) return void duplex.end();
  const reader = body.getReader();
  const onClose = () => void reader.cancel(new Error("The stream has ended")).catch(ignore);
  duplex.on("close", onClose);
  try {
    for (let part; !(part = await reader.read()).done;) await write(duplex, part.value);
    duplex.off("close", onClose);
    duplex.end();
  } catch (error) {
    reader.cancel(error).catch(ignore);
    reset();
  }
}

function ignore(): void {}
