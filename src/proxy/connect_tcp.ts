// Connects to a host over TCP through a proxy: `connectTcp`.

import { StreamError } from "../error/quic_error.ts";
import { H3ErrorCode } from "../http3/wire/code_point.ts";
import { prioritize, responseTrailers } from "../http3/client/client_exchange.ts";
import type { H2Client } from "../http2/h2_client.ts";
import { askForTunnel, checkAccepted } from "./proxy_client.ts";
import { JoinedSignal } from "./joined_signal.ts";
import type { TunnelOptions } from "./tunnel_options.ts";
import { parseTarget, targetText } from "./target.ts";

/**
 * A TCP connection through a proxy.
 *
 * @category Proxy
 */
export interface TcpTunnel {
  /** What the host sends; fails with a `StreamError` of H3_CONNECT_ERROR (0x10f) when it is reset. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** What is sent to the host; closing it ends this direction only, aborting it resets both. */
  readonly writable: WritableStream<Uint8Array>;
  /** Resolves when both directions have ended, however they did. */
  readonly closed: Promise<void>;
  /**
   * Asks the proxy to send before or after what other tunnels carry, and does so itself.
   *
   * @param urgency From 0 (first) to 7 (last); 3 at the beginning.
   */
  prioritize(urgency: number): void;
}

/**
 * How a tunnel for TCP is asked for.
 *
 * @category Proxy
 */
export interface ConnectTcpOptions extends TunnelOptions {
  /**
   * Bytes for the host that are known already. They go with the request and need no round trip of
   * their own; if the proxy refuses, they are lost.
   */
  first?: Uint8Array;
}

/**
 * Connects to a host over TCP through a proxy, over all network paths to the proxy. Tunnels of the
 * same proxy and options share one connection.
 *
 * @param proxy The proxy's URL.
 * @param target The host and its port, such as `example.com:443` or `[2001:db8::1]:22`; names are
 * looked up by the proxy.
 * @param options The token, and how to connect to the proxy.
 * @returns The tunnel, once the proxy has connected to the host.
 * @throws {TypeError} If the target is none.
 * @throws {ProxyError} If the proxy refuses, and why.
 *
 * @example
 * ```ts ignore
 * import { connectTcp } from "@mpquic/mpquic";
 *
 * const { readable, writable } = await connectTcp("https://gateway.example", "example.com:80", {
 *   token,
 *   localAddresses: ["wlan*", "usb*"],
 * });
 * const request = new TextEncoder().encode("GET / HTTP/1.0\r\nHost: example.com\r\n\r\n");
 * await writable.getWriter().write(request);
 * console.log(await new Response(readable).text());
 * ```
 *
 * @category Proxy
 */
export async function connectTcp(
  proxy: string | URL,
  target: string,
  options: ConnectTcpOptions = {},
): Promise<TcpTunnel> {
  const parsed = parseTarget(target);
  if (parsed === undefined) {
    throw new TypeError(`Cannot connect to "${target}": give a host and its port`);
  }
  const { first, ...others } = options;
  const authority = targetText(parsed);
  const abort = new AbortController();
  const ends = new JoinedSignal(abort.signal, options.signal);
  const asking = askForTunnel<TcpTunnel>(new URL(proxy), others, {
    overQuic: async (client, headers, again) => {
      // RFC 9218, Section 4.2: tunnels of the same urgency take turns.
      if (!headers.has("priority")) headers.set("priority", "u=3, i");
      const upload = new Upload((reason) => abort.abort(broken(reason)), first);
      const signal = AbortSignal.any([ends.signal, again]);
      const response = await client.connectTcp(authority, { headers, body: upload.body, signal });
      if (!response.ok) response.body?.cancel().catch(() => {});
      checkAccepted(response.status, response.headers);
      return {
        readable: response.body!,
        writable: upload.writable,
        closed: Promise.all([responseTrailers(response), upload.ended]).then(() => {}),
        prioritize: (urgency) => prioritize(response, { urgency, incremental: true }),
      };
    },
    overTcp: (client, headers) => askOverTcp(client, authority, headers, ends.signal, first),
  });
  // What the application passes may be for all of its tunnels.
  asking.then(({ closed }) => closed).catch(ignore).then(() => ends.release());
  return await asking;
}

/** The same over HTTP/2, where the order of tunnels cannot be asked for. */
async function askOverTcp(
  client: H2Client,
  authority: string,
  headers: Headers,
  signal: AbortSignal,
  first: Uint8Array | undefined,
): Promise<TcpTunnel> {
  const { status, headers: fields, tunnel } = await client.ask(
    authority,
    "",
    headers,
    signal,
  );
  checkAccepted(status, fields);
  const { readable, writable, closed } = tunnel!;
  if (first !== undefined) {
    const writer = writable.getWriter();
    writer.write(first).catch(() => {});
    writer.releaseLock();
  }
  return { readable, writable, closed, prioritize: () => {} };
}

/** RFC 9114, Section 4.4: how the proxy is told that a TCP connection is broken. */
function broken(cause: unknown): StreamError {
  if (cause instanceof StreamError) return cause;
  return new StreamError(H3ErrorCode.ConnectError, "Reset by the application", { cause });
}

/** What the application writes, as the body of a request: a piece at a time, when there is room. */
class Upload {
  readonly body: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  /** Resolves at the end, however it comes. */
  readonly ended: Promise<void>;
  #wanted = Promise.withResolvers<void>();

  /**
   * @param onAbort Is told why the application gives up.
   * @param first What goes first.
   */
  constructor(onAbort: (reason: unknown) => void, first: Uint8Array | undefined) {
    const ended = Promise.withResolvers<void>();
    this.ended = ended.promise;
    let source!: ReadableStreamDefaultController<Uint8Array>;
    let sink!: WritableStreamDefaultController;
    this.body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        source = controller;
        if (first !== undefined) controller.enqueue(first);
      },
      pull: () => this.#wanted.resolve(),
      cancel: (reason) => {
        sink.error(reason);
        this.#wanted.resolve();
        ended.resolve();
      },
    }, { highWaterMark: 0 });
    this.writable = new WritableStream<Uint8Array>({
      start: (controller) => {
        sink = controller;
        // An abort is told at once; the stream itself waits for the write under way.
        controller.signal.addEventListener("abort", () => {
          onAbort(controller.signal.reason);
          this.#wanted.resolve();
          ended.resolve();
        });
      },
      write: async (chunk) => {
        await this.#wanted.promise;
        if (sink.signal.aborted) return;
        this.#wanted = Promise.withResolvers();
        source.enqueue(chunk);
      },
      close: () => {
        source.close();
        ended.resolve();
      },
    });
  }
}

function ignore(): void {}
