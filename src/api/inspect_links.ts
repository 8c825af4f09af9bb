// The diagnosis of a machine's links as a library call.

import { literalAddress } from "../io/interfaces.ts";
import { readLinkFacts } from "../io/links/link_facts.ts";
import { judgeLinks, type Link } from "../io/links/link_judge.ts";
import type { NativeMode } from "../io/native/native_mode.ts";
import { opensNative } from "../io/open_socket.ts";

/**
 * What {@linkcode inspectLinks} is asked.
 * @category Paths
 */
export interface InspectLinksOptions {
  /**
   * A literal address that is to be reached.
   *
   * @default {any address of the Internet}
   */
  destination?: string;
  /** Whether native sockets would be used, as for a connection. */
  native?: NativeMode;
}

/**
 * Tells which of this machine's links can carry paths, and what keeps the others from it: no route,
 * another link with the better route, a strict reverse-path filter (RFC 3704), a tunnel beside which
 * packets would leave. Each problem comes with the commands that mend it. Nothing is sent.
 *
 * Rules of the system beside its main routing table are not looked at. The routes can be read on Linux,
 * with `-A`, or with `--allow-ffi` and `--allow-read`: the runtime keeps the files of the system to
 * itself otherwise. Where they cannot be read, links have no problems that are known.
 *
 * @param options What is to be reached, and how.
 * @returns The links that have an address which others can reach.
 * @throws {TypeError} If the interfaces may not be listed, or the destination is no literal address.
 *
 * @example Say why a link is not used
 * ```ts
 * import { inspectLinks } from "@mpquic/mpquic";
 *
 * for (const { name, problems } of inspectLinks()) {
 *   for (const { message, cure } of problems) console.log(name, message, cure.join("\n"));
 * }
 * ```
 * @category Paths
 */
export function inspectLinks(options: InspectLinksOptions = {}): readonly Link[] {
  const { destination, native } = options;
  const literal = destination === undefined ? undefined : literalAddress(destination);
  if (destination !== undefined && literal === undefined) {
    throw new TypeError(`Cannot inspect the links: "${destination}" is not a literal address`);
  }
  return judgeLinks(readLinkFacts(opensNative(native)), literal);
}
