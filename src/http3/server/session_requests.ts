// Answers the requests that begin sessions of WebTransport.

import { StreamError } from "../../error/quic_error.ts";
import { MAX_SESSIONS } from "../../limits/limits.ts";
import type { ConnectRequest, RequestInfo } from "../handler.ts";
import type { H3Connection } from "../message/h3_connection.ts";
import { H3ErrorCode } from "../wire/code_point.ts";
import { mayCarryCapsules, noCapsules, prepareForCapsules } from "../wire/capsule.ts";
import { readProtocols, writeProtocols } from "../wire/protocol_list.ts";
import { SessionToken } from "../wire/web_transport.ts";
import { CapsuleSender } from "../webtransport/capsule_sender.ts";
import type { Session } from "../webtransport/session.ts";
import { Sessions } from "../webtransport/sessions.ts";
import type {
  WebTransportOptions,
  WebTransportRequest,
} from "../webtransport/web_transport_options.ts";

/** The sessions of a server's connection. */
export class SessionRequests {
  /** Sessions, and what waits for one. */
  readonly sessions: Sessions;
  readonly #connection: H3Connection;
  readonly #options: WebTransportOptions;

  constructor(connection: H3Connection, options: WebTransportOptions) {
    this.#connection = connection;
    this.#options = options;
    this.sessions = new Sessions(connection);
  }

  /** Whether a request with this `:protocol` begins a session. */
  begins(protocol: string): boolean {
    return protocol === SessionToken.Current || protocol === SessionToken.Old;
  }

  /**
   * Answers a request, and gives the session to the handler.
   *
   * @param id The ID of the request's stream.
   * @throws {StreamError} If the request is to be reset.
   */
  async answer(id: number, request: ConnectRequest, info: RequestInfo): Promise<Response> {
    // WebTransport, Section 7.1: only the settings tell which draft the client speaks.
    const { webTransport, datagrams } = await this.#connection.peerSettings;
    if (!webTransport || !datagrams || !info.datagrams) {
      throw new StreamError(
        H3ErrorCode.MessageError,
        "Cannot begin a session: the client's settings lack WebTransport or datagrams",
      );
    }
    if (!mayCarryCapsules(request.headers)) throw noCapsules();
    // WebTransport, Section 5.1: without flow control there is one at a time.
    const { maxSessions = MAX_SESSIONS } = this.#options;
    if (this.sessions.size >= Sessions.most(webTransport, maxSessions)) {
      throw new StreamError(H3ErrorCode.RequestRejected, "Cannot begin one more session");
    }
    const asked = requestOf(request, info);
    const capsules = new CapsuleSender();
    const session = this.sessions.open(id, info.datagrams, capsules, webTransport);
    const decision = await this.#decide(asked);
    if (!decision.ok) {
      session.fail(new Error(`The server answers ${decision.status}`));
      return decision;
    }
    const { protocols = [] } = this.#options;
    session.begin(asked.protocols.find((name) => protocols.includes(name)) ?? "", request.body);
    this.#hand(session, asked);
    const headers = fieldsOf(decision, session, request);
    const status = prepareForCapsules(headers, decision.status);
    return new Response(capsules.body, { status, headers });
  }

  /** WebTransport, Section 3.2: the origin is verified before all else. */
  async #decide(asked: WebTransportRequest): Promise<Response> {
    if (!isAllowed(asked, this.#options.origins)) return new Response(null, { status: 403 });
    try {
      const decision = await this.#options.accept?.(asked) ?? true;
      if (decision === false) return new Response(null, { status: 405 });
      return decision === true ? new Response(null) : decision;
    } catch {
      return new Response(null, { status: 500 });
    }
  }

  async #hand(session: Session, asked: WebTransportRequest): Promise<void> {
    try {
      await this.#options.handler(session, asked);
    } catch (error) {
      session.breakOff(error);
    }
  }
}

function requestOf({ url, headers }: ConnectRequest, info: RequestInfo): WebTransportRequest {
  return {
    url,
    headers,
    origin: headers.get("origin") ?? undefined,
    protocols: readProtocols(headers.get("wt-available-protocols")),
    connection: info.connection,
    remoteAddr: info.remoteAddr,
  };
}

/** Whether the page that asks may have a session; what is no page has no origin. */
function isAllowed({ origin, url }: WebTransportRequest, origins?: readonly string[] | "all") {
  if (origin === undefined || origins === "all") return true;
  return origins ? origins.includes(origin) : new URL(url).origin === origin;
}

/** What the response says beside its status. */
function fieldsOf({ headers }: Response, { protocol }: Session, request: ConnectRequest): Headers {
  const fields = new Headers(headers);
  if (protocol !== "") fields.set("wt-protocol", writeProtocols([protocol]));
  // What clients of draft 2 look for.
  if (request.headers.has("sec-webtransport-http3-draft02")) {
    fields.set("sec-webtransport-http3-draft", "draft02");
  }
  return fields;
}
