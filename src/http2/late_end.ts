// Ends sessions of the runtime's HTTP/2 when nothing of them is being read any more.

import type { Http2Session } from "node:http2";

/**
 * Lets a session end only between two tasks. The runtime frees what a session is made of at once, also
 * while it still reads frames of it: a client that sent GOAWAY behind a request, or broke the protocol
 * there, would end the whole process (https://github.com/denoland/deno/issues/36788).
 *
 * @param session Any session; what the runtime calls by itself is put off as well.
 */
export function endLate(session: Http2Session): void {
  const destroy = session.destroy.bind(session);
  session.destroy = (error, code) => void setTimeout(() => destroy(error, code));
}
