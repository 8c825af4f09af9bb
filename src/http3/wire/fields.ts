// Header fields: from requests and responses to field lines and back.

import { StreamError } from "../../error/quic_error.ts";
import type { FieldLine } from "../../qpack/field_line.ts";
import { H3ErrorCode } from "./code_point.ts";

/** What the header section of a request says. */
export interface RequestHead {
  readonly method: string;
  /** What an extended CONNECT asks for; empty for all others. */
  readonly protocol: string;
  /** Empty for plain CONNECT. */
  readonly scheme: string;
  readonly authority: string;
  /** Empty for plain CONNECT. */
  readonly path: string;
  readonly headers: Headers;
  /** Bytes of content announced; -1 if none are. */
  readonly contentLength: number;
}

/** What the header section of a response says. */
export interface ResponseHead {
  readonly status: number;
  readonly headers: Headers;
  /** Bytes of content announced; -1 if none are. */
  readonly contentLength: number;
}

const requestPseudo = new Set([":method", ":scheme", ":authority", ":path"]);
const extendedPseudo = new Set([...requestPseudo, ":protocol"]);
const responsePseudo = new Set([":status"]);
const noPseudo = new Set<string>();
/** RFC 9114, Section 4.2: they belong to HTTP/1 connections. */
const connectionSpecific = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);
const tokenPattern = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const namePattern = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
/** RFC 9114, Section 10.3: of the control characters, only the tab has a place in values. */
// deno-lint-ignore no-control-regex
const forbiddenInValue = /[\0-\x08\n-\x1f\x7f]/;
const forbiddenInPath = /[\0-\x20#\x7f-\xff\\]/;
const authorityPattern = /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9\-._~!$&'()*+,;=%]+)(?::\d{0,5})?$/;

/**
 * Checks and takes apart the header section of a request (RFC 9114, Section 4.3.1).
 *
 * @param extended Whether extended CONNECT is allowed (RFC 9220).
 */
export function readRequestHead(lines: readonly FieldLine[], extended: boolean): RequestHead {
  const { pseudo, headers } = readLines(lines, extended ? extendedPseudo : requestPseudo);
  const method = pseudo.get(":method") ?? "";
  if (!tokenPattern.test(method)) throw malformed("Cannot accept a request without a method");
  const scheme = pseudo.get(":scheme") ?? "";
  const path = pseudo.get(":path") ?? "";
  const authority = readAuthority(pseudo.get(":authority"), headers);
  const protocol = readProtocol(pseudo.get(":protocol"), method);
  // RFC 9114, Section 4.4: a plain CONNECT names where to, and nothing else.
  if (method === "CONNECT" && protocol === "") {
    if (pseudo.has(":scheme") || pseudo.has(":path") || authority === "") {
      throw malformed("Cannot accept CONNECT with more or less than an authority");
    }
  } else {
    checkTarget(method, scheme, authority, path);
  }
  const contentLength = takeContentLength(headers);
  return { method, protocol, scheme, authority, path, headers, contentLength };
}

/**
 * Checks and takes apart the header section of a response (RFC 9114, Section 4.3.2).
 *
 * @param isConnect Whether it answers a CONNECT.
 */
export function readResponseHead(lines: readonly FieldLine[], isConnect = false): ResponseHead {
  const { pseudo, headers } = readLines(lines, responsePseudo);
  const status = pseudo.get(":status") ?? "";
  // RFC 9114, Section 4.5: 101 has no meaning here.
  if (!/^[1-5]\d\d$/.test(status) || status === "101") {
    throw malformed(`Cannot accept the status "${status}"`);
  }
  // RFC 9110, Section 9.3.6: where a tunnel begins, a length is ignored, whatever it says.
  const isTunnel = isConnect && status.startsWith("2");
  const contentLength = isTunnel ? -1 : takeContentLength(headers);
  return { status: Number(status), headers, contentLength };
}

/** Checks a trailer section, which has no pseudo-header fields. */
export function readTrailers(lines: readonly FieldLine[]): Headers {
  return readLines(lines, noPseudo).headers;
}

/** The header section of a request. */
export function requestLines(request: Request): FieldLine[] {
  const url = new URL(request.url);
  const lines: FieldLine[] = [
    { name: ":method", value: request.method },
    { name: ":scheme", value: url.protocol.slice(0, -1) },
    { name: ":authority", value: url.host },
    { name: ":path", value: url.pathname + url.search },
  ];
  addHeaders(lines, request.headers);
  return lines;
}

/** The header section of an extended CONNECT (RFC 8441, Section 4). */
export function connectLines(url: URL, protocol: string, headers: Headers): FieldLine[] {
  const lines: FieldLine[] = [
    { name: ":method", value: "CONNECT" },
    { name: ":protocol", value: protocol },
    { name: ":scheme", value: url.protocol.slice(0, -1) },
    { name: ":authority", value: url.host },
    { name: ":path", value: url.pathname + url.search },
  ];
  addHeaders(lines, headers);
  return lines;
}

/** The header section of a plain CONNECT (RFC 9114, Section 4.4). */
export function connectTcpLines(authority: string, headers: Headers): FieldLine[] {
  const lines: FieldLine[] = [
    { name: ":method", value: "CONNECT" },
    { name: ":authority", value: authority },
  ];
  addHeaders(lines, headers);
  return lines;
}

/** The header section of a response. */
export function responseLines(status: number, headers: Headers): FieldLine[] {
  const lines: FieldLine[] = [{ name: ":status", value: String(status) }];
  addHeaders(lines, headers);
  return lines;
}

/** A trailer section. */
export function trailerLines(headers: Headers): FieldLine[] {
  const lines: FieldLine[] = [];
  addHeaders(lines, headers);
  return lines;
}

/**
 * All names and values, each `set-cookie` by itself. The iterator of the runtime sorts again for
 * each step, which takes seconds for what a peer can send in one section; so do constructors that
 * are given `Headers`.
 */
export function entriesOf(headers: Headers): [name: string, value: string][] {
  const entries: [string, string][] = [];
  headers.forEach((value, name) => entries.push([name, value]));
  return entries;
}

/** The length the headers announce; -1 if they announce none. */
export function readContentLength(headers: Headers): number {
  const field = headers.get("content-length");
  if (field === null) return -1;
  // RFC 9110, Section 8.6: the same length several times is one length.
  const [first, ...others] = field.split(",").map((length) => length.trim());
  const length = /^\d+$/.test(first!) ? Number(first) : NaN;
  if (!Number.isSafeInteger(length) || others.some((other) => other !== first)) {
    throw malformed(`Cannot accept the content length "${field}"`);
  }
  return length;
}

/** Reads the length that a peer announces, and leaves the field as applications read it. */
function takeContentLength(headers: Headers): number {
  const length = readContentLength(headers);
  // RFC 9110, Section 8.6: what says the same several times goes on as one number.
  if (length >= 0) headers.set("content-length", String(length));
  return length;
}

/**
 * The length that an application announces for what it sends; -1 if it announces none.
 *
 * @throws {TypeError} If that is no length, or there is no content to have it.
 */
export function announcedLength(headers: Headers, hasContent: boolean): number {
  let length = NaN;
  try {
    length = readContentLength(headers);
  } catch {
    // NaN says as much
  }
  if (length <= 0 || (length > 0 && hasContent)) return length;
  throw new TypeError(
    `Cannot send content-length "${headers.get("content-length")}": that is not its length`,
  );
}

/** RFC 9114, Section 4.3: pseudo-header fields come first, each once, and only where it belongs. */
function readLines(
  lines: readonly FieldLine[],
  allowed: ReadonlySet<string>,
): { pseudo: Map<string, string>; headers: Headers } {
  const pseudo = new Map<string, string>();
  const headers = new Headers();
  const cookies: string[] = [];
  let inPseudo = true;
  for (const { name, value } of lines) {
    if (forbiddenInValue.test(value)) throw malformed(`Cannot accept the value of ${name}`);
    if (name.startsWith(":")) {
      if (!inPseudo || !allowed.has(name) || pseudo.has(name)) {
        throw malformed(`Cannot accept the pseudo-header field ${name} here`);
      }
      pseudo.set(name, value);
      continue;
    }
    inPseudo = false;
    checkField(name, value);
    if (name === "cookie") cookies.push(value);
    else headers.append(name, value);
  }
  // RFC 9114, Section 4.2.1: joined, as applications of other HTTP versions expect.
  if (cookies.length > 0) headers.set("cookie", cookies.join("; "));
  return { pseudo, headers };
}

function checkField(name: string, value: string): void {
  if (!namePattern.test(name)) throw malformed("Cannot accept a field name");
  if (connectionSpecific.has(name)) throw malformed(`Cannot accept the field ${name} in HTTP/3`);
  if (name === "te" && value.toLowerCase() !== "trailers") {
    throw malformed(`Cannot accept "${value}" in the field te`);
  }
}

/** Whether a text is a token (RFC 9110, Section 5.6.2). */
export function isToken(text: string): boolean {
  return tokenPattern.test(text);
}

/** RFC 8441, Section 4: only CONNECT has a protocol, and then it is a token. */
function readProtocol(protocol: string | undefined, method: string): string {
  if (protocol === undefined) return "";
  if (method === "CONNECT" && tokenPattern.test(protocol)) return protocol;
  throw malformed("Cannot accept :protocol here");
}

/** RFC 9114, Section 4.3.1: from :authority or Host, and the same if both are there. */
function readAuthority(authority: string | undefined, headers: Headers): string {
  const host = headers.get("host");
  if (authority === undefined) return host ?? "";
  if (host !== null && host.toLowerCase() !== authority.toLowerCase()) {
    throw malformed("Cannot accept a host other than the authority");
  }
  return authority;
}

function checkTarget(method: string, scheme: string, authority: string, path: string): void {
  if (scheme !== "https" && scheme !== "http") {
    throw malformed(`Cannot accept the scheme "${scheme}"`);
  }
  if (!authorityPattern.test(authority)) throw malformed("Cannot accept the authority");
  const isAsterisk = path === "*" && method === "OPTIONS";
  if (!isAsterisk && (!path.startsWith("/") || forbiddenInPath.test(path))) {
    throw malformed("Cannot accept the path");
  }
}

function addHeaders(lines: FieldLine[], headers: Headers): void {
  for (const [name, value] of entriesOf(headers)) {
    if (connectionSpecific.has(name) || name === "host") continue;
    if (name === "te" && value.toLowerCase() !== "trailers") continue;
    if (name === "cookie") {
      for (const crumb of value.split("; ")) lines.push({ name, value: crumb });
    } else {
      lines.push({ name, value });
    }
  }
}

function malformed(message: string): StreamError {
  return new StreamError(H3ErrorCode.MessageError, message);
}
