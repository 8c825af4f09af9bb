// Connects over TCP, to an address that has been chosen already.

import { reachable } from "./interfaces.ts";

/**
 * Connects to a literal address. No name is looked up, so the connection leads to the very address
 * that was judged.
 *
 * @param hostname A literal IP address.
 * @param port The TCP port.
 * @param signal Gives up connecting.
 * @throws {Error} With the `code` of the system, such as ECONNREFUSED.
 */
export async function connectSocket(
  hostname: string,
  port: number,
  signal: AbortSignal,
): Promise<Deno.TcpConn> {
  signal.throwIfAborted();
  const connection = await Deno.connect({ hostname, port, signal, autoSelectFamily: false });
  try {
    connection.setNoDelay(true);
    connection.setKeepAlive(true);
  } catch (error) {
    // macOS sets no options of a connection that was reset meanwhile.
    connection.close();
    throw error;
  }
  return connection;
}

/**
 * Connects to a listener of this process, to see whether it hears.
 *
 * @param hostname The literal address that it listens on.
 * @param port Its TCP port.
 * @param signal Gives up connecting.
 * @returns The connection; null if nothing listens there, or nothing took the connection in time;
 * undefined if connecting is not allowed.
 * @throws {Error} If no connection can be made for another reason.
 */
export async function connectToSelf(
  hostname: string,
  port: number,
  signal: AbortSignal,
): Promise<Deno.TcpConn | null | undefined> {
  const target = reachable(hostname);
  const host = `${target.includes(":") ? `[${target}]` : target}:${port}`;
  // A question to the user would stop everything.
  if (Deno.permissions.querySync({ name: "net", host }).state !== "granted") return undefined;
  try {
    return await Deno.connect({ hostname: target, port, signal });
  } catch (error) {
    // The system leaves a connection without an answer once too many wait to be accepted.
    if (error instanceof Deno.errors.ConnectionRefused || signal.aborted) return null;
    throw error;
  }
}
