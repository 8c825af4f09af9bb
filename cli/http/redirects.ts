// Follows redirects within a server.

import { Failure } from "../console/failure.ts";
import { fieldText } from "./field_text.ts";

const MOST_REDIRECTS = 10;
/** The statuses that redirect. */
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * Sends one request, and follows redirects within the server.
 *
 * @param url What to fetch.
 * @param init How.
 * @param send Sends a request.
 * @param bodyAgain Makes the body of a further request; left out, that of the first is sent again.
 */
export async function followRedirects(
  url: URL,
  init: RequestInit,
  send: (url: URL, init: RequestInit) => Promise<Response>,
  bodyAgain?: () => BodyInit,
): Promise<Response> {
  let at = url;
  let how = init;
  for (let count = 0; count < MOST_REDIRECTS; count++) {
    const response = await send(at, how);
    const field = response.headers.get("location");
    const location = field === null ? null : fieldText(field);
    if (!location || !redirects.has(response.status)) return response;
    await response.body?.cancel();
    const next = URL.parse(location, at);
    if (next?.origin !== url.origin) {
      throw new Failure(
        `Cannot get ${url.href}: it is redirected to another server; fetch ${location} instead`,
      );
    }
    at = next;
    if (losesBody(response.status, how.method)) how = withoutBody(how);
    else if (how.body && bodyAgain) how = { ...how, body: bodyAgain() };
  }
  throw new Failure(`Cannot get ${url.href}: it is redirected without end; check the URL`);
}

/** Fields that describe content, and go with it. */
const contentFields = [
  "content-encoding",
  "content-language",
  "content-length",
  "content-location",
  "content-type",
];

/**
 * Whether a redirect drops the body, by the rules of `fetch`: 303 always, 301 and 302 after a POST.
 *
 * @param status The status of the redirect.
 * @param method The method of the request that was redirected.
 */
export function losesBody(status: number, method = "GET"): boolean {
  if (status === 303) return method !== "GET" && method !== "HEAD";
  return (status === 301 || status === 302) && method === "POST";
}

function withoutBody(init: RequestInit): RequestInit {
  const headers = new Headers(init.headers);
  for (const name of contentFields) {
    headers.delete(name);
  }
  return { ...init, method: "GET", headers, body: null };
}
