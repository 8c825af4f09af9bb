// A CONNECT over HTTP/1.1 (RFC 9110, Section 9.3.6), and an upgrade to connect-udp (RFC 9298).

import type { IncomingMessage } from "node:http";
import type { TLSSocket } from "node:tls";
import { fieldsOf } from "./fields.ts";
import type { TunnelStream } from "./tunnel.ts";

/** Reasons that people read on the wire; programs go by the number. */
const REASONS: Readonly<Record<number, string>> = {
  200: "Connection established",
  400: "Bad Request",
  403: "Forbidden",
  407: "Proxy Authentication Required",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

/**
 * The tunnel that a CONNECT asks for.
 *
 * @param reset Resets the connection below TLS.
 */
export function h1Tunnel(
  request: IncomingMessage,
  socket: TLSSocket,
  first: Uint8Array,
  reset: () => void,
): TunnelStream {
  return tunnel(request, socket, first, reset, "", request.url ?? "");
}

/** The tunnel that an upgrade asks for; undefined if the request is not as RFC 9298 wants it. */
export function h1UpgradeTunnel(
  request: IncomingMessage,
  socket: TLSSocket,
  first: Uint8Array,
  reset: () => void,
): TunnelStream | undefined {
  const { method, url, headers, headersDistinct, httpVersionMinor } = request;
  // RFC 9298, Section 3.2: anything else is malformed; content would be taken for capsules.
  const isGood = method === "GET" && httpVersionMinor === 1 && url?.startsWith("/") &&
    headersDistinct["host"]?.length === 1 &&
    headersDistinct["upgrade"]?.length === 1 &&
    headers["content-length"] === undefined && headers["transfer-encoding"] === undefined;
  if (!isGood) return undefined;
  const protocol = headers["upgrade"]!.toLowerCase();
  return tunnel(request, socket, first, reset, protocol, `https://${headers["host"]}${url}`);
}

function tunnel(
  { headers }: IncomingMessage,
  socket: TLSSocket,
  first: Uint8Array,
  reset: () => void,
  protocol: string,
  url: string,
): TunnelStream {
  return {
    duplex: socket,
    protocol,
    url,
    headers: fieldsOf(headers),
    first: new Uint8Array(first),
    respond(response) {
      if (!response.ok) return void socket.end(h1Refusal(response));
      const isUpgrade = protocol !== "";
      const status = isUpgrade ? "101 Switching Protocols" : `200 ${REASONS[200]}`;
      const more = isUpgrade ? ["Connection: Upgrade", `Upgrade: ${protocol}`] : [];
      socket.write(head(status, [...linesOf(response), ...more]));
    },
    reset() {
      reset();
      socket.destroy();
    },
  };
}

/** A response that refuses, and ends the connection. */
export function h1Refusal(response: Response): string {
  const { status } = response;
  const ends = ["Content-Length: 0", "Connection: close"];
  return head(`${status} ${REASONS[status] ?? ""}`, [...linesOf(response), ...ends]);
}

function head(status: string, lines: readonly string[]): string {
  return [`HTTP/1.1 ${status}`, ...lines, "", ""].join("\r\n");
}

/** RFC 9110, Section 9.3.6: a tunnel has no length, and a refusal has no content that is framed. */
const FRAMING = ["content-length", "transfer-encoding"];

function linesOf({ headers }: Response): string[] {
  const lines = Array.from(headers).filter(([name]) => !FRAMING.includes(name));
  return lines.map(([name, value]) => `${name}: ${value}`);
}
