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
