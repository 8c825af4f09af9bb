// Sessions of WebTransport on the connection of a client.

import { ApplicationError, StreamError } from "../../error/quic_error.ts";
import type { ConnectInit } from "../handler.ts";
import type { H3Connection } from "../message/h3_connection.ts";
import { later } from "../timer.ts";
import type { H3BidirectionalStream } from "../transport.ts";
import { H3ErrorCode } from "../wire/code_point.ts";
import { connectLines } from "../wire/fields.ts";
import { FrameReader } from "../wire/frame_reader.ts";
import { mayCarryCapsules, noCapsules } from "../wire/capsule.ts";
import { isProtocol, readProtocols, writeProtocols } from "../wire/protocol_list.ts";
import type { Settings } from "../wire/settings.ts";
import { SESSION_SIGNAL, SessionToken, WtErrorCode } from "../wire/web_transport.ts";
import { HEADER_TIMEOUT, MAX_OFFERED_PROTOCOLS } from "../../limits/limits.ts";
import { CapsuleSender } from "../webtransport/capsule_sender.ts";
import type { Session } from "../webtransport/session.ts";
import { Sessions } from "../webtransport/sessions.ts";
import { WebTransportError } from "../webtransport/web_transport_error.ts";
import type { WebTransportSession } from "../webtransport/web_transport_session.ts";
import type { ClientExchange, OutgoingRequest } from "./client_exchange.ts";
import { withSignal } from "./with_signal.ts";

/**
 * How a client asks for a session of WebTransport.
 *
 * @category WebTransport
 */
export interface SessionInit extends Omit<ConnectInit, "body"> {
  /** Protocols to speak within the session, best first; the server chooses one, or none. */
  protocols?: readonly string[];
}

/** Makes a request and uses what becomes of it. */
type Run = (
  request: OutgoingRequest,
  use: (exchange: ClientExchange) => Promise<WebTransportSession>,
) => Promise<WebTransportSession>;

/** The sessions of a client's connection. */
export class SessionClient {
  /** Sessions, and what waits for one. */
  readonly sessions: Sessions;
  readonly #connection: H3Connection;
  /** Sessions that are open, or asked for. */
  #wanted = 0;

  constructor(connection: H3Connection) {
    this.#connection = connection;
    this.sessions = new Sessions(connection);
    connection.peerSettings.then(({ webTransport }) => {
      // WebTransport, Section 3.1: there is no other version of that number.
      if ((webTransport?.enabled ?? 0) <= 1) return;
      connection.fail(
        new ApplicationError(H3ErrorCode.SettingsError, "Cannot accept this WebTransport"),
      );
    }, ignore);
    this.#accept(connection.transport.incomingBidirectionalStreams);
  }

  /**
   * Asks for a session.
   *
   * @param run Makes the request.
   * @throws {TypeError} If the server does not take it, or a protocol cannot be offered.
   * @throws {WebTransportError} If the server refuses it.
   */
  async open(url: URL, init: SessionInit, run: Run): Promise<WebTransportSession> {
    const { protocols = [], signal = new AbortController().signal } = init;
    checkProtocols(protocols);
    signal.throwIfAborted();
    // WebTransport, Section 3.1: not before the server has said that it takes sessions.
    const settings = await withSignal(this.#connection.peerSettings, signal);
    const token = tokenFor(settings);
    if (token === undefined) {
      throw new TypeError(`Cannot open ${url.href}: the server does not take WebTransport`);
    }
    // WebTransport, Section 5.1: without flow control there is one at a time, else the server decides.
    if (this.#wanted >= Sessions.most(settings.webTransport!, Infinity)) throw enough(url);
    const headers = new Headers(init.headers);
    if (protocols.length > 0) headers.set("wt-available-protocols", writeProtocols(protocols));
    if (token === SessionToken.Old) headers.set("sec-webtransport-http3-draft02", "1");
    // The session is there before its response is: so may be what the server opens.
    const capsules = new CapsuleSender();
    const lines = connectLines(url, token, headers);
    const request = { method: "CONNECT", lines, body: capsules.body, length: -1, signal };
    this.#wanted++;
    try {
      const session = await run(request, (exchange) => {
        const session = this.sessions.open(
          exchange.id,
          exchange.datagrams!,
          capsules,
          settings.webTransport!,
        );
        return this.#begin(session, exchange, protocols);
      });
      session.closed.catch(ignore).then(() => this.#wanted--);
      return session;
    } catch (error) {
      this.#wanted--;
      const isRejected = error instanceof StreamError &&
        error.code === H3ErrorCode.RequestRejected;
      throw isRejected && this.#wanted > 0 ? enough(url, error) : error;
    }
  }

  async #begin(
    session: Session,
    exchange: ClientExchange,
    offered: readonly string[],
  ): Promise<WebTransportSession> {
    try {
      const response = await exchange.run();
      if (!response.ok || !response.body) {
        response.body?.cancel().catch(ignore);
        throw refused(response.status);
      }
      if (!mayCarryCapsules(response.headers, response.status)) throw noCapsules();
      session.begin(protocolOf(response, offered), response.body);
      return session;
    } catch (error) {
      session.breakOff(error, error instanceof StreamError ? error.code : undefined);
      throw error;
    }
  }

  async #accept(incoming: ReadableStream<H3BidirectionalStream>): Promise<void> {
    const streams = incoming.getReader();
    try {
      for (;;) {
        await this.sessions.bidirectionalRoom;
        const { done, value } = await streams.read();
        if (done) return;
        this.#take(value);
      }
    } catch {
      // The connection has ended.
    }
  }

  async #take({ readable, writable }: H3BidirectionalStream): Promise<void> {
    const frames = new FrameReader(readable);
    const stop = later(HEADER_TIMEOUT, () => frames.cancel(creationError()));
    const isThere = await frames.lookAhead();
    stop();
    if (isThere && frames.type === SESSION_SIGNAL) {
      return this.sessions.receive(frames.remaining, frames, readable, writable);
    }
    // RFC 9114, Section 6.1: servers open no others; one may be reset before it says what it is.
    if (isThere || frames.isEnded) return this.#connection.fail(creationError());
    writable.abort(creationError()).catch(ignore);
  }
}

function checkProtocols(protocols: readonly string[]): void {
  for (const name of protocols) {
    if (isProtocol(name)) continue;
    throw new TypeError(`Cannot offer the protocol "${name}": write it in printable ASCII`);
  }
  if (new Set(protocols).size < protocols.length || protocols.length > MAX_OFFERED_PROTOCOLS) {
    throw new TypeError(
      `Cannot offer these protocols: name each once, and ${MAX_OFFERED_PROTOCOLS} at most`,
    );
  }
}

/** What the server calls a session; undefined if it takes none. */
function tokenFor({ webTransport, extendedConnect, datagrams }: Settings): string | undefined {
  if (!webTransport || !extendedConnect || !datagrams) return undefined;
  return webTransport.enabled > 0 ? SessionToken.Current : SessionToken.Old;
}

/**
 * The protocol that the server has chosen.
 *
 * @throws {StreamError} WT_ALPN_ERROR if it was not offered (WebTransport, Section 3.3).
 */
function protocolOf({ headers }: Response, offered: readonly string[]): string {
  const chosen = readProtocols(headers.get("wt-protocol"));
  if (chosen.length !== 1 || offered.length === 0) return "";
  if (offered.includes(chosen[0]!)) return chosen[0]!;
  throw new StreamError(WtErrorCode.AlpnError, "Cannot speak a protocol that was not offered");
}

function refused(status: number): WebTransportError {
  const message = `Cannot open a session: the server answers ${status}`;
  return new WebTransportError(message, { source: "session", status });
}

function creationError(): StreamError {
  return new StreamError(H3ErrorCode.StreamCreationError, "Cannot accept a request as a client");
}

function ignore(): void {}

function enough({ href }: URL, cause?: unknown): TypeError {
  return new TypeError(`Cannot open ${href}: the connection has enough sessions`, { cause });
}
