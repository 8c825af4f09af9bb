import assert from "node:assert/strict";
import { connectTcp } from "../../src/proxy/connect_tcp.ts";
import { within } from "../http3/raw_peer.ts";
import { farSide, says, TcpHost } from "./far_side.ts";
import { SwallowingPath } from "./swallowing_path.ts";

Deno.test("a tunnel goes over a new connection when the old one is silent, which lives on", async () => {
  await using host = new TcpHost(says("hello"));
  await using echo = new TcpHost(({ readable, writable }) => {
    readable.pipeTo(writable).catch(() => {});
  });
  const { server, http, client } = farSide();
  await using _ = server;
  using path = new SwallowingPath(http.addr.port);
  const url = `https://localhost:${path.port}`;
  const options = { ...client, native: "off" as const, idleTimeout: 5_000 };
  const old = await within(connectTcp(url, echo.target, options));
  path.swallow();
  const tunnel = await within(connectTcp(url, host.target, options), 30_000);
  assert.equal(await within(new Response(tunnel.readable).text()), "hello");
  assert.equal(http.stats!.connections.held, 2);
  path.carry();
  const writer = old.writable.getWriter();
  await writer.write(new TextEncoder().encode("still here"));
  const { value } = await within(old.readable.getReader().read(), 30_000);
  assert.equal(new TextDecoder().decode(value), "still here");
  writer.closed.catch(() => {});
  writer.abort().catch(() => {});
  tunnel.writable.abort().catch(() => {});
});
