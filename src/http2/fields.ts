// Fields as node has them, and as the platform has them.

import type { IncomingHttpHeaders } from "node:http2";

/** Fields that are about one connection (RFC 9110, Section 7.6.1). */
const FOR_ONE_HOP = new Set([
  "connection",
  "proxy-connection",
  "keep-alive",
  "te",
  "transfer-encoding",
  "upgrade",
]);

/** The fields without those of one hop and those that begin with a colon. */
export function fieldsOf(
  fields: Readonly<Record<string, string | string[] | undefined>> | IncomingHttpHeaders,
): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(fields)) {
    if (name.startsWith(":") || FOR_ONE_HOP.has(name) || value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) headers.append(name, String(one));
  }
  return headers;
}

/** The header section of a request; a field `host` is its authority (RFC 9113, Section 8.3.1). */
export function requestFields({ method, url, headers }: Request): Record<string, string> {
  const { host, pathname, search } = new URL(url);
  const fields: Record<string, string> = {
    ":method": method,
    ":scheme": "https",
    ":authority": headers.get("host") ?? host,
    ":path": pathname + search,
  };
  headers.forEach((value, name) => {
    if (!FOR_ONE_HOP.has(name) && name !== "host") fields[name] = value;
  });
  return fields;
}

/**
 * The header section of a response.
 *
 * @param isHead Whether only the fields are wanted.
 * @param isHttp2 Whether it goes over HTTP/2, which has no fields about a connection, as HTTP/3 has
 * none (RFC 9113, Section 8.2.2).
 */
export function responseFields(
  { status, headers, body }: Response,
  isHead: boolean,
  isHttp2: boolean,
): Record<string, string | string[]> {
  const fields: Record<string, string | string[]> = {};
  for (const [name, value] of headers) {
    if (!isHttp2 || !FOR_ONE_HOP.has(name)) fields[name] = value;
  }
  // How content is framed follows from the response.
  delete fields["transfer-encoding"];
  // RFC 9110, Section 8.6: there a length has no place.
  if (status === 204) delete fields["content-length"];
  const cookies = headers.getSetCookie();
  if (cookies.length > 0) fields["set-cookie"] = cookies;
  // RFC 9110, Section 8.6: without content, a length says so; some answers have neither.
  if (body === null && !isHead && status !== 204 && status !== 304) fields["content-length"] = "0";
  return fields;
}
