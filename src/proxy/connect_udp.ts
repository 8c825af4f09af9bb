// Talks to a host over UDP through a proxy: `connectUdp`.

import { checkBytes } from "../bytes/bytes.ts";
import { responseDatagrams } from "../http3/client/client_exchange.ts";
import type { RequestDatagrams } from "../http3/handler.ts";
import { mayCarryCapsules, noCapsules } from "../http3/wire/capsule.ts";
import { takeCapsules } from "../http3/message/datagrams.ts";
import { CapsuleOutlet } from "./capsule_outlet.ts";
import { askForTunnel, checkAccepted } from "./proxy_client.ts";
import { JoinedSignal } from "./joined_signal.ts";
import type { TunnelOptions } from "./tunnel_options.ts";
import { parseTarget } from "./target.ts";
import { MOST_PAYLOAD, payloadOf, withContext } from "./udp_payload.ts";
import { udpUrl } from "./udp_template.ts";

/**
 * A way to talk to a host over UDP through a proxy. Datagrams may be lost, and may come in another
 * order.
 *
 * @category Proxy
 */
export interface UdpTunnel {
  /** The longest datagram that fits now; longer ones are dropped, as no UDP fragments are made. */
  readonly maxSize: number;
  /** Datagrams of ours that were too long, and those of the host that were not read in time. */
  readonly dropped: number;
  /** Resolves when the tunnel has ended, however it did. */
  readonly closed: Promise<void>;
  /**
   * Sends a datagram to the host; one that is too long, or comes after the end, is dropped.
   *
   * @param data What it holds.
   */
  send(data: Uint8Array): Promise<void>;
  /** Waits for a datagram of the host; undefined once the tunnel has ended. */
  read(): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Ends the tunnel. */
  close(): void;
}

/**
 * Opens a way to talk to a host over UDP through a proxy (connect-udp, RFC 9298), over all network
 * paths to the proxy. Tunnels of the same proxy and options share one connection.
 *
 * @param proxy The proxy's URL, or a URI template with `{target_host}` and `{target_port}`.
 * @param target The host and its port, such as `dns.example:53`; names are looked up by the proxy.
 * @param options The token, and how to connect to the proxy.
 * @returns The tunnel, once the proxy has a socket for it.
 * @throws {TypeError} If the target or the template is none.
 * @throws {ProxyError} If the proxy refuses, and why.
 *
 * @example
 * ```ts ignore
 * import { connectUdp } from "@mpquic/mpquic";
 *
 * const tunnel = await connectUdp("https://gateway.example", "192.0.2.7:5000", { token });
 * await tunnel.send(new TextEncoder().encode("hello"));
 * console.log(await tunnel.read());
 * tunnel.close();
 * ```
 *
 * @category Proxy
 */
export async function connectUdp(
  proxy: string | URL,
  target: string,
  options: TunnelOptions = {},
): Promise<UdpTunnel> {
  const parsed = parseTarget(target);
  if (parsed === undefined) {
    throw new TypeError(`Cannot talk to "${target}": give a host and its port`);
  }
  const url = udpUrl(String(proxy), parsed);
  const abort = new AbortController();
  const joined = new JoinedSignal(abort.signal, options.signal);
  const { signal } = joined;
  const asking = askForTunnel<UdpTunnel>(url, { ...options, signal }, {
    overQuic: async (client, headers, again) => {
      headers.set("capsule-protocol", "?1");
      // The client's direction stays open: its end would be that of the tunnel.
      const outlet = new CapsuleOutlet();
      const init = { headers, body: outlet.stream };
      const ends = AbortSignal.any([signal, again]);
      const response = await client.connect(url, "connect-udp", { ...init, signal: ends });
      if (!response.ok) response.body?.cancel().catch(() => {});
      checkAccepted(response.status, response.headers);
      checkCapsules(response, abort);
      const datagrams = responseDatagrams(response);
      if (datagrams === undefined) {
        abort.abort();
        throw new TypeError("Cannot talk over UDP: the connection carries no datagrams");
      }
      return new Tunnel(takeCapsules(datagrams, response.body!), datagrams, abort, outlet);
    },
    overTcp: async (client, headers) => {
      headers.set("capsule-protocol", "?1");
      const path = url.pathname + url.search;
      const answer = await client.ask(path, "connect-udp", headers, signal);
      checkAccepted(answer.status, answer.headers);
      checkCapsules(answer, abort);
      const { datagrams, closed } = answer.tunnel!;
      return new Tunnel(Promise.race([datagrams!.ended, closed]), datagrams!, abort);
    },
  });
  // What the application passes may be for all of its tunnels.
  asking.then(({ closed }) => closed).catch(ignore).then(() => joined.release());
  return await asking;
}

/** A tunnel that can carry no capsules is given up. */
function checkCapsules(
  { headers, status }: Pick<Response, "headers" | "status">,
  abort: AbortController,
): void {
  if (mayCarryCapsules(headers, status)) return;
  const error = noCapsules();
  abort.abort(error);
  throw error;
}

class Tunnel implements UdpTunnel {
  readonly closed: Promise<void>;
  readonly #datagrams: RequestDatagrams;
  readonly #abort: AbortController;
  readonly #outlet: CapsuleOutlet | undefined;
  #tooLong = 0;

  /**
   * @param ended The end of what the proxy sends, whatever that is.
   * @param outlet For proxies that take no datagrams of QUIC.
   */
  constructor(
    ended: Promise<unknown>,
    datagrams: RequestDatagrams,
    abort: AbortController,
    outlet?: CapsuleOutlet,
  ) {
    this.#outlet = outlet;
    this.#datagrams = datagrams;
    this.#abort = abort;
    this.closed = ended.catch(ignore).then(() => this.close());
  }

  get maxSize(): number {
    if (this.#outletNow) return MOST_PAYLOAD;
    return Math.max(0, this.#datagrams.maxSize - 1);
  }

  /** RFC 9297, Section 3.5: capsules are for proxies that take no datagrams otherwise. */
  get #outletNow(): CapsuleOutlet | undefined {
    return this.#datagrams.maxSize === 0 ? this.#outlet : undefined;
  }

  get dropped(): number {
    return this.#tooLong + this.#datagrams.dropped;
  }

  async send(data: Uint8Array): Promise<void> {
    checkBytes(data, "send a datagram");
    const outlet = this.#outletNow;
    if (data.length > Math.min(this.maxSize, MOST_PAYLOAD)) this.#tooLong++;
    else if (outlet) { if (!outlet.send(withContext(data))) this.#tooLong++; }
    else await this.#datagrams.send(withContext(data)).catch(ignore);
  }

  async read(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    for (let data; (data = await this.#datagrams.read()) !== undefined;) {
      const payload = payloadOf(data);
      if (payload !== undefined) return payload;
    }
    return undefined;
  }

  close(): void {
    this.#abort.abort(new Error("The tunnel was closed"));
  }
}

function ignore(): void {}
