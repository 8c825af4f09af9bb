// Checks what a handler returned before it is sent.

import { announcedLength } from "../wire/fields.ts";

/** Statuses whose responses have no content, whatever their fields say (RFC 9110, Section 6.4.1). */
const contentlessStatuses = new Set([204, 304]);

/**
 * Holds what a handler returned against what can be sent, before anything is.
 *
 * @param isTunnel Whether the stream is to be a tunnel if the response agrees.
 * @throws {TypeError} If it is no response, is used up, or says another length than it has.
 */
export function usableResponse(response: unknown, method: string, isTunnel: boolean): Response {
  if (!(response instanceof Response)) {
    throw new TypeError("Cannot send what the handler returned: it is no Response");
  }
  if (response.status < 200) {
    throw new TypeError(
      `Cannot send a response of status ${response.status}: it must be 200 or more`,
    );
  }
  if (response.bodyUsed) throw new TypeError("Cannot send a response whose body was read before");
  if (response.body?.locked) {
    throw new TypeError("Cannot send a response whose body is being read already");
  }
  const isContentless = method === "HEAD" || contentlessStatuses.has(response.status);
  const opensTunnel = isTunnel && response.ok;
  if (!opensTunnel) announcedLength(response.headers, isContentless || response.body !== null);
  return response;
}
