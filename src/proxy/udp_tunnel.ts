// The far side of connect-udp: datagrams of a request to a host over UDP, and back (RFC 9298).

import type { ConnectRequest, RequestDatagrams } from "../http3/handler.ts";
import { StreamError } from "../error/quic_error.ts";
import { takeCapsules } from "../http3/message/datagrams.ts";
import { H3ErrorCode } from "../http3/wire/code_point.ts";
import { openUdpTarget, type UdpTarget } from "../io/udp_target.ts";
import type { Allowance } from "./allowance.ts";
import { CapsuleOutlet } from "./capsule_outlet.ts";
import { JoinedSignal } from "./joined_signal.ts";
import type { Target } from "./target.ts";
import { MOST_PAYLOAD, payloadOf, withContext } from "./udp_payload.ts";

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
  /** What the client gets on the stream. */
  readonly #outlet = new CapsuleOutlet(() => this.#close());
  /** Abort it; they may live longer. */
  #ends: JoinedSignal | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(target: UdpTarget, datagrams: RequestDatagrams, allowance: Allowance) {
    this.#target = target;
    this.#datagrams = datagrams;
    this.#allowance = allowance;
  }

  answer({ body, signal }: ConnectRequest, removed: AbortSignal): Response {
    const ends = this.#ends = new JoinedSignal(signal, removed);
    ends.signal.addEventListener("abort", () => this.#close());
    this.#timer = setInterval(() => this.#endIfIdle(), UDP_IDLE / 10);
    if (ends.signal.aborted) this.#close();
    this.#drain(body);
    this.#sendAll();
    this.#receiveAll();
    return new Response(this.#outlet.stream, { headers: { "capsule-protocol": "?1" } });
  }

  /** The end of the client's direction is the end of the tunnel (RFC 9298). */
  async #drain(body: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    try {
      await takeCapsules(this.#datagrams, body);
    } catch (error) {
      // It was reset, or is malformed (RFC 9297, Section 3.3): either is the end.
      this.#outlet.fail(error);
    }
    this.#close();
  }

  async #sendAll(): Promise<void> {
    for (let data; (data = await this.#datagrams.read()) !== undefined;) {
      const payload = payloadOf(data);
      if ((payload?.length ?? 0) > MOST_PAYLOAD) {
        this.#outlet.fail(tooLong());
        break;
      }
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
      const { maxSize } = this.#datagrams;
      // RFC 9297, Section 3.5: capsules are for clients that take no datagrams otherwise.
      if (maxSize === 0) this.#outlet.send(withContext(data));
      // What no DATAGRAM frame holds is lost: senders find out how much fits.
      if (data.length + 1 > maxSize) continue;
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
    this.#outlet.end();
  }
}

/** RFC 9298, Section 5: such a datagram ends the stream. */
function tooLong(): StreamError {
  return new StreamError(
    H3ErrorCode.MessageError,
    `Cannot send more than ${MOST_PAYLOAD} bytes in a datagram of UDP`,
  );
}
