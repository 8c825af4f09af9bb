// What is held for the peer of a connection, and within which limits.

import type { Resource } from "../../limits/share.ts";

/**
 * What we hold for the peer of a connection, within limits: of the connection, of its address, of
 * its network (the /24 of an IPv4 address, the /56 of an IPv6 address) and of the endpoint. An
 * application that lets a peer make it hold something else than streams counts it here.
 *
 * @example A file is opened only if it may be
 * ```ts ignore
 * if (!connection.account.hold("files", 1)) return new Response(null, { status: 503 });
 * try {
 *   using file = await Deno.open(path);
 *   return new Response(await readAll(file));
 * } finally {
 *   connection.account.release("files", 1);
 * }
 * ```
 *
 * @category Limits
 */
export interface PeerAccount {
  /**
   * The code that the connection is closed with when it has to give way, since it holds the most of
   * what is used up; INTERNAL_ERROR of the transport if left out. HTTP/3 has H3_EXCESSIVE_LOAD.
   */
  overloadCode: number | undefined;
  /** How much more of a resource can be held without any connection having to give way. */
  room(resource: Resource): number;
  /**
   * Holds some more of a resource.
   *
   * If the endpoint has none left, the connection that holds the most is closed, and may be this
   * one.
   *
   * @param amount Bytes, or how many.
   * @returns False if that is over a limit: it is not held, and the peer must not have it.
   */
  hold(resource: Resource, amount: number): boolean;
  /**
   * Gives some back. The rest is given back when the connection is closed.
   *
   * @param amount Bytes, or how many.
   */
  release(resource: Resource, amount: number): void;
}
