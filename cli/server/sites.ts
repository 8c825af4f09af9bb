// Answers requests by the host that they are for.

import type { FileHandler } from "../files/static_files.ts";
import { bareName } from "./certificate_names.ts";

/** What answers for some hosts. */
export interface HostHandler {
  /** The hosts; a star stands for the first label. */
  readonly hosts: readonly string[];
  readonly handler: FileHandler;
}

/**
 * A handler that leaves each request to that of its host. A name goes before a star.
 *
 * @param sites What answers for which hosts.
 * @param others Answers for all other hosts; left out, they are refused (RFC 9110, Section 15.5.20).
 */
export function byHost(sites: readonly HostHandler[], others?: FileHandler): FileHandler {
  const handlers = new Map(
    sites.flatMap(({ hosts, handler }) => hosts.map((host) => [bareName(host), handler] as const)),
  );
  return async (request, visitor) => {
    const host = bareName(new URL(request.url).hostname);
    const handler = handlers.get(host) ?? handlers.get(host.replace(/^[^.]+/, "*")) ?? others;
    if (handler !== undefined) return await handler(request, visitor);
    await request.body?.cancel().catch(() => {}); // it may have failed itself
    return new Response("This host is not served here.\n", {
      status: 421,
      headers: { "content-type": "text/plain; charset=utf-8" },
    });
  };
}
