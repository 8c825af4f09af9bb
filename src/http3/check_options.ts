// Checks the options of HTTP/3.

import type { H3Options, H3ServerOptions } from "./options.ts";
import type { WebTransportOptions } from "./webtransport/web_transport_options.ts";
import { isProtocol } from "./wire/protocol_list.ts";

/** Options that are sent as settings: numbers that the peer has to understand. */
const settings = ["qpackTableCapacity", "qpackBlockedStreams", "maxFieldSectionSize"] as const;
/** Limits and times of our own: `Infinity` means none. */
const limits = [
  "qpackBlockedBytes",
  "maxConcurrentHandlers",
  "headerTimeout",
  "bodyTimeout",
  "minBodyRate",
  "maxFailuresPerSecond",
] as const;

/**
 * Looks at options before anything depends on them.
 *
 * @throws {TypeError} Which one cannot be used.
 */
export function checkOptions(
  options: H3Options & Omit<H3ServerOptions, "webTransport"> & {
    webTransport?: WebTransportOptions | boolean | undefined;
  },
): void {
  for (const name of settings) {
    const value = options[name];
    if (value === undefined || Number.isSafeInteger(value) && value >= 0) continue;
    throw new TypeError(`Cannot use ${value} for ${name}: it must be a whole number from 0 on`);
  }
  for (const name of limits) {
    const value = options[name];
    if (value === undefined || value >= 0) continue;
    throw new TypeError(`Cannot use ${value} for ${name}: it must be a number from 0 on`);
  }
  if (typeof options.webTransport === "object") checkWebTransport(options.webTransport);
}

function checkWebTransport(
  { handler, origins = [], protocols = [], maxSessions = 0 }: WebTransportOptions,
): void {
  if (typeof handler !== "function") {
    throw new TypeError("Cannot take sessions of WebTransport: give a handler");
  }
  if (!(maxSessions >= 0)) {
    throw new TypeError(`Cannot use ${maxSessions} for maxSessions: it must be a number from 0 on`);
  }
  for (const origin of origins === "all" ? [] : origins) {
    if (origin === "null" || URL.parse(origin)?.origin === origin) continue;
    throw new TypeError(
      `Cannot use "${origin}" for an origin: write scheme and host, as in https://app.example`,
    );
  }
  for (const name of protocols) {
    if (isProtocol(name)) continue;
    throw new TypeError(`Cannot use "${name}" for a protocol: write it in printable ASCII`);
  }
}
