// Fields of requests as node gives them, as the platform has them.

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
