// The URLs of connect-udp: templates, and what stands in them.

import { type Target, targetOf } from "./target.ts";

/** RFC 9298: where a proxy is asked for UDP if nothing else was agreed on. */
const WELL_KNOWN = "/.well-known/masque/udp/{target_host}/{target_port}/";
const WELL_KNOWN_PATH = /^\/\.well-known\/masque\/udp\/([^/?]+)\/(\d{1,5})\/?(?:\?.*)?$/;

/**
 * Reads the target of a request by the default template.
 *
 * @param url The URL that the client asked for.
 * @returns Undefined if it is none, or names no host.
 */
export function udpTargetOf(url: string): Target | undefined {
  const path = /^https?:\/\/[^/]*([^]*)$/.exec(url)?.[1] ?? "";
  const [, host, port] = WELL_KNOWN_PATH.exec(path) ?? [];
  if (host === undefined) return undefined;
  try {
    return targetOf(decodeURIComponent(host), Number(port));
  } catch {
    return undefined; // a percent sign without digits
  }
}

/**
 * The URL to ask a proxy for UDP to a target.
 *
 * @param proxy The proxy's origin, or a URI template with `{target_host}` and `{target_port}`.
 * @throws {TypeError} If that is no such template.
 */
export function udpUrl(proxy: string, { hostname, port }: Target): URL {
  const template = proxy.includes("{") ? proxy : new URL(WELL_KNOWN, proxy).href
    .replaceAll("%7B", "{").replaceAll("%7D", "}");
  const values: Record<string, string> = {
    "target_host": encodeURIComponent(hostname),
    "target_port": String(port),
  };
  const filled = template.replaceAll(/\{([?&]?)([\w,]+)\}/g, (whole, operator, names) => {
    const parts = (names as string).split(",");
    if (parts.some((name) => !(name in values))) return whole;
    if (operator === "") return parts.map((name) => values[name]).join(",");
    return operator + parts.map((name) => `${name}=${values[name]}`).join("&");
  });
  const isWhole = template.includes("target_host") && template.includes("target_port");
  if (!isWhole || filled.includes("{")) {
    throw new TypeError(
      `Cannot use the template "${proxy}": it must have {target_host} and {target_port}, and nothing else`,
    );
  }
  return new URL(filled);
}
