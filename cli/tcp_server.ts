import type { KeyPair } from "./certificate.ts";
import { Failure } from "./failure.ts";

/**
 * Serves HTTPS over TCP, for browsers that do not know about HTTP/3 here yet: every answer names
 * it in `Alt-Svc` (RFC 9114, Section 3.1.1).
 *
 * @param hostnames The local addresses to listen on.
 * @param port The TCP port; HTTP/3 is at the UDP port of the same number.
 * @param keyPair The certificate and its key.
 * @param handler Answers requests.
 */
export function serveTcp(
  hostnames: readonly string[],
  port: number,
  keyPair: KeyPair,
  handler: (request: Request) => Promise<Response>,
): Deno.HttpServer<Deno.NetAddr>[] {
  return hostnames.map((hostname) => {
    const options = { hostname, port, ...keyPair, onListen: ignore };
    try {
      return Deno.serve(options, async (request) => withAltSvc(await handler(request), port));
    } catch (error) {
      throw error instanceof Deno.errors.AddrInUse ? portInUse("TCP", hostname, port) : error;
    }
  });
}

/**
 * The response with a pointer to HTTP/3.
 *
 * @param response What the handler answered.
 * @param port The UDP port of HTTP/3.
 */
export function withAltSvc(response: Response, port: number): Response {
  const advertised = new Response(response.body, response); // headers may be read-only
  advertised.headers.set("alt-svc", `h3=":${port}"; ma=86400`);
  return advertised;
}

/**
 * What to say when another program has the port.
 *
 * @param transport "UDP" or "TCP".
 * @param hostname The local address.
 * @param port The port.
 */
export function portInUse(transport: string, hostname: string, port: number): Failure {
  return new Failure(
    `Cannot listen on ${transport} port ${port} of ${hostname}: another program uses it; stop that program or choose another port with -port`,
  );
}

function ignore(): void {
  // The server says itself where it listens.
}
