// The far side over TCP alone, as near sides see it where UDP is blocked.

import { serveTcp } from "../../src/http2/serve_tcp.ts";
import { proxyHandlers } from "../../src/proxy/proxy_handlers.ts";
import type { ProxyOptions } from "../../src/proxy/proxy_options.ts";
import { ProxyUsers } from "../../src/proxy/proxy_users.ts";
import { cert, key } from "../http3/deno_quic.ts";
import { line } from "./far_side.ts";

/**
 * A far side over TCP that may connect to loopback, on a TCP port of choice or any.
 *
 * @param identity Its certificates and key, PEM.
 */
export async function tcpFarSide(
  options: Partial<ProxyOptions> = {},
  port = 0,
  identity = { cert, key },
): Promise<AsyncDisposable & { port: number }> {
  const users = options.users ?? new ProxyUsers(line);
  const allow = options.allow ?? ["127.0.0.0/8"];
  const { onConnect, onConnectTcp } = proxyHandlers({ ...options, users, allow });
  const place = { port, localAddresses: ["127.0.0.1"], ...identity };
  const tcp = await serveTcp({ ...place, onConnect, onConnectTcp }, () => new Response("a file"));
  const dispose = async () => await tcp[Symbol.asyncDispose]();
  return { port: tcp.addrs[0]!.port, [Symbol.asyncDispose]: dispose };
}
