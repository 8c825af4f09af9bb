// The far side of connect-udp: datagrams of a request to a host over UDP, and back (RFC 9298).

import type { ConnectRequest, RequestDatagrams } from "../http3/handler.ts";
import { CapsuleReader } from "../http3/wire/capsule.ts";
import { openUdpTarget, type UdpTarget } from "../io/udp_target.ts";
import type { Allowance } from "./allowance.ts";
import { JoinedSignal } from "./joined_signal.ts";
import type { Target } from "./target.ts";
import { payloadOf, withContext } from "./udp_payload.ts";

/** Milliseconds without a datagram after which a tunnel ends (RFC 4787: two minutes at least). */
const UDP_IDLE = 300_000;

/**
 * Opens the socket of a tunnel and answers the request.
 *
 * @param where The address of the host, which has been judged.
 * @param removed Ends the tunnel when it is aborted.
 * @param allowance The user's; it gets the tunnel back at the end.
 * @throws {Error} If the system has no socket.
 */
export function udpTunnel(
  { hostname, port }: Target,
  request: ConnectRequest,
  datagrams: RequestDatagrams,
  removed: AbortSignal,
  allowance: Allowance,
): Response {
  const target = openUdpTarget(hostname, port);
  const tunnel = new UdpTunnel(target, datagrams, allowance);
  return tunnel.answer(request, removed);
}

/** One tunnel. */
class UdpTunnel {
  readonly #target: UdpTarget;
  readonly #datagrams: RequestDatagrams;
  readonly #allowance: Allowance;
  #unanswered = 0;
  #hasAnswered = false;
  #isOver = false;
  #lastUse = performance.now();
  #end: (() => void) | undefined;
  /** Abort it; they may live longer. */
  #ends: JoinedSignal | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(target: UdpTarget, datagrams: RequestDatagrams, allowance: Allowance) {
    this.#target = target;
    this.#datagrams = datagrams;
    this.#allowance = allowance;
  }

  answer({ body, signal }: ConnectRequest, removed: AbortSignal): Response {
    // RFC 9297, Section 3.5: the stream carries capsules; none of them is of use over HTTP/3.
    const down = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller) => {
        this.#end = () => controller.close();
      },
      cancel: () => this.#close(),
    });
    const ends = this.#ends = new JoinedSignal(signal, removed);
    ends.signal.addEventListener("abort", () => this.#close());
    this.#timer = setInterval(() => this.#endIfIdle(), UDP_IDLE / 10);
    if (ends.signal.aborted) this.#close();
    this.#drain(body);
    this.#sendAll();
    this.#receiveAll();
    return new Response(down, { headers: { "capsule-protocol": "?1" } });
  }

  /** The end of the client's direction is the end of the tunnel (RFC 9298). */
  async #drain(body: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    try {
      await new CapsuleReader(body, { types: [] }).next();
    } catch {
      // It was reset, or is malformed: either is the end.
    }
    this.#close();
  }

  async #sendAll(): Promise<void> {
    for (let data; (data = await this.#datagrams.read()) !== undefined;) {
      const payload = payloadOf(data);
      if (payload === undefined || this.#isOver || !this.#mayHave(payload.length)) continue;
      this.#lastUse = performance.now();
      await this.#target.send(payload);
    }
    this.#close();
  }

  /** Whether a host that may not want it gets so many bytes more. */
  #mayHave(bytes: number): boolean {
    if (this.#hasAnswered) return true;
    if (!this.#allowance.holdUnanswered(bytes)) return false;
    this.#unanswered += bytes;
    return true;
  }

  async #receiveAll(): Promise<void> {
    for (let data; (data = await this.#target.receive()) !== undefined;) {
      this.#lastUse = performance.now();
      if (!this.#hasAnswered) this.#giveBack();
      this.#hasAnswered = true;
      // What no DATAGRAM frame holds is lost: senders find out how much fits.
      if (data.length + 1 > this.#datagrams.maxSize) continue;
      await this.#datagrams.send(withContext(data)).catch(() => {});
    }
    this.#close();
  }

  #giveBack(): void {
    this.#allowance.releaseUnanswered(this.#unanswered);
    this.#unanswered = 0;
  }

  #endIfIdle(): void {
    if (performance.now() - this.#lastUse > UDP_IDLE) this.#close();
  }

  #close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearInterval(this.#timer);
    this.#ends?.release();
    this.#target.close();
    this.#giveBack();
    this.#allowance.release();
    try {
      this.#end?.();
    } catch {
      // The client has cancelled it.
    }
  }
}
