import { serveConnection } from "../../src/http3/server/server.ts";
import type { H3ServerOptions } from "../../src/http3/options.ts";
import type { RequestHandler } from "../../src/http3/handler.ts";

/** A server and a connection to it over the runtime's own QUIC. */
export interface QuicPair extends Disposable {
  readonly client: Deno.QuicConn;
  readonly server: Deno.QuicConn;
}

/** Listens and connects on the loopback interface. */
export async function quicPair(): Promise<QuicPair> {
  const endpoint = new Deno.QuicEndpoint({ hostname: "127.0.0.1", port: 0 });
  const listener = endpoint.listen({
    cert,
    key,
    alpnProtocols: ["h3"],
    maxConcurrentBidirectionalStreams: 100,
  });
  const accepting = listener.accept();
  const clientEndpoint = new Deno.QuicEndpoint({ hostname: "127.0.0.1", port: 0 });
  const client = await Deno.connectQuic({
    hostname: "127.0.0.1",
    port: endpoint.addr.port,
    serverName: "localhost",
    alpnProtocols: ["h3"],
    caCerts: [cert],
    endpoint: clientEndpoint,
  });
  const server = await accepting;
  return {
    client,
    server,
    [Symbol.dispose]() {
      client.close();
      listener.stop();
      endpoint.close();
      clientEndpoint.close();
    },
  };
}

/** Serves a handler over the runtime's QUIC. */
export async function quicServer(
  handler: RequestHandler,
  options?: H3ServerOptions,
): Promise<QuicPair> {
  const pair = await quicPair();
  serveConnection(pair.server, handler, options);
  return pair;
}

/** For tests only: localhost and 127.0.0.1, P-256, valid for a hundred years. */
export const cert = `-----BEGIN CERTIFICATE-----
MIIBmDCCAT6gAwIBAgIUYkVYWPVjCCkP2QKJlFO1RPN9t1owCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMzAxMzc1OVoYDzIxMjYxMDMw
MDEzNzU5WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAS2JEmeqFqmDB8TV1b8jRCDmh0+Cron7MuGATA0dVlsfoL5d4AtheYT
zNGUGltwy0HgqDFNc6Nid7nrnqAdVVD1o2wwajAdBgNVHQ4EFgQUUvb2EVtZBqti
jFIQZsybeusUAYMwHwYDVR0jBBgwFoAUUvb2EVtZBqtijFIQZsybeusUAYMwDAYD
VR0TAQH/BAIwADAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZIzj0E
AwIDSAAwRQIgWTwgl0+/35x911MwC54ZvUJG85fuqz9L6JKbjas/zO0CIQDgT3nr
oWcpWl2e1msWqdoZ+GXHvsAtgZcSZ/I8J6dhRA==
-----END CERTIFICATE-----
`;
/** The private key of `cert`. */
export const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgrnq1j83ZLerXFydm
xmTBqGaeXxqyrprY3GuR4DATCNyhRANCAAS2JEmeqFqmDB8TV1b8jRCDmh0+Cron
7MuGATA0dVlsfoL5d4AtheYTzNGUGltwy0HgqDFNc6Nid7nrnqAdVVD1
-----END PRIVATE KEY-----
`;
