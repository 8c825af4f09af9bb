// Connects over TCP, to an address that has been chosen already.

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
  connection.setNoDelay(true);
  connection.setKeepAlive(true);
  return connection;
}
