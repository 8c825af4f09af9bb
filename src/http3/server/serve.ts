// Serves HTTP/3: `serve`.

import { MultipathConnection } from "../../api/multipath_connection.ts";
import { createServe, type HttpServer } from "./http_server.ts";
import type { ServeOptions } from "../options.ts";
import type { RequestHandler } from "../handler.ts";

const serveOverMultipath = createServe((options) => MultipathConnection.listen(options));

/**
 * Serves HTTP/3 over multipath QUIC.
 *
 * The handler has the shape of a handler of `Deno.serve`, so routers and file servers made for it
 * fit.
 *
 * @param options Where to listen, with which certificate, and within which limits.
 * @param handler Makes the response to each request.
 * @returns The running server.
 *
 * @example
 * ```ts ignore
 * import { serve } from "@mpquic/mpquic";
 *
 * await using server = serve({ port: 4433, cert, key }, (request) => {
 *   return new Response(`You asked for ${request.url}`);
 * });
 * await server.finished;
 * ```
 *
 * @category HTTP/3
 */
export function serve(
  options: ServeOptions,
  handler: RequestHandler<MultipathConnection>,
): HttpServer<MultipathConnection> {
  return serveOverMultipath(options, handler);
}
