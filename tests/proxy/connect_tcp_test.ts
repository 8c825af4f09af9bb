import assert from "node:assert/strict";
import { nativeTest } from "../io/native/tier.ts";
import { StreamError } from "../../src/error/quic_error.ts";
import { connectTcp } from "../../src/proxy/connect_tcp.ts";
import { ProxyError } from "../../src/proxy/proxy_client.ts";
import { ProxyUsers } from "../../src/proxy/proxy_users.ts";
import { within } from "../http3/raw_peer.ts";
import { farSide, hashOf, line, listens, says, TcpHost, token } from "./far_side.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

function isConnectError(error: unknown): boolean {
  return error instanceof StreamError && error.code === 0x10f;
}

function refusedWith(status: number, type?: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof ProxyError, `${error}`);
    assert.deepEqual([error.status, error.type], [status, type]);
    return true;
  };
}

Deno.test("connectTcp() carries bytes both ways, and the end of each direction by itself", async () => {
  await using host = new TcpHost(async ({ readable, writable }) => {
    // The answer comes after the end of the question: only half-close allows that.
    const { length } = await new Response(readable).bytes();
    const writer = writable.getWriter();
    await writer.write(bytes(`got ${length}`));
    await writer.close();
  });
  const { server, url, client } = farSide();
  await using _ = server;
  const tunnel = await within(connectTcp(url, host.target, client));
  const writer = tunnel.writable.getWriter();
  for (let i = 0; i < 10; i++) await within(writer.write(new Uint8Array(50_000)));
  await within(writer.close());
  assert.equal(await within(new Response(tunnel.readable).text()), "got 500000");
  await within(tunnel.closed);
});

nativeTest("connectTcp() tells a reset of the host from an end", async () => {
  await using host = new TcpHost(async ({ readable, writable, reset }) => {
    await readable.getReader().read();
    await writable.getWriter().write(bytes("half of it"));
    reset();
  });
  const { server, url, client } = farSide();
  await using _ = server;
  const tunnel = await within(connectTcp(url, host.target, client));
  const writer = tunnel.writable.getWriter();
  writer.closed.catch(() => {});
  await writer.write(bytes("question"));
  await assert.rejects(within(new Response(tunnel.readable).text()), isConnectError);
  await assert.rejects(within(writer.closed));
  await within(tunnel.closed);
});

nativeTest("connectTcp() resets the host's connection when the application aborts", async () => {
  for (const how of ["abort", "cancel"] as const) {
    const seen = Promise.withResolvers<unknown>();
    await using host = new TcpHost(({ readable }) => {
      new Response(readable).text().then(seen.resolve, seen.resolve);
    });
    const { server, url, client } = farSide();
    await using _ = server;
    const tunnel = await within(connectTcp(url, host.target, client));
    if (how === "abort") tunnel.writable.abort(new Error("enough")).catch(() => {});
    else tunnel.readable.cancel(new Error("enough")).catch(() => {});
    const error = await within(seen.promise);
    assert.ok(isConnectError(error), `${how}: ${error}`);
    await within(tunnel.closed);
  }
});

Deno.test("connectTcp() reads and writes no faster than the other end", async () => {
  await using host = new TcpHost();
  const { server, url, client } = farSide();
  await using _ = server;
  const tunnel = await within(connectTcp(url, host.target, client));
  const writer = tunnel.writable.getWriter();
  writer.closed.catch(() => {});
  let written = 0;
  (async () => {
    for (;;) {
      await writer.write(new Uint8Array(65_536));
      written += 65_536;
    }
  })().catch(() => {});
  for (let before = -1; before !== written;) {
    before = written;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  assert.ok(written < 60_000_000, `${written} bytes wait somewhere`);
  writer.abort().catch(() => {});
  await within(tunnel.closed);
});

Deno.test("tunnels share a connection, and many short ones leave nothing open", async () => {
  let count = 0;
  await using host = new TcpHost((streams) => {
    count++;
    says("hello")(streams);
  });
  const { server, http, url, client } = farSide();
  await using _ = server;
  const one = async () => {
    const tunnel = await connectTcp(url, host.target, { ...client, idleTimeout: 500 });
    tunnel.writable.close();
    assert.equal(await new Response(tunnel.readable).text(), "hello");
  };
  for (let i = 0; i < 10; i++) await within(Promise.all(Array.from({ length: 20 }, one)), 10_000);
  assert.equal(count, 200);
  assert.equal(http.stats!.connections.held, 1);
  await within((async () => {
    while (host.open.size > 0) await new Promise((resolve) => setTimeout(resolve, 10));
  })());
});

Deno.test("a proxy takes no user without a good token", async () => {
  await using host = new TcpHost(says(""));
  const { server, url, client } = farSide();
  await using _ = server;
  for (const wrong of ["", "x", `${token}x`, line.split(":")[1]!]) {
    const connecting = connectTcp(url, host.target, { ...client, token: wrong });
    await assert.rejects(within(connecting), refusedWith(407));
  }
  const { token: _token, ...without } = client;
  await assert.rejects(within(connectTcp(url, host.target, without)), refusedWith(407));
  const basic = (user: string) => ({ "proxy-authorization": `Basic ${btoa(`${user}:${token}`)}` });
  await within(connectTcp(url, host.target, { ...without, headers: basic("anna") }));
  const other = connectTcp(url, host.target, { ...without, headers: basic("otto") });
  await assert.rejects(within(other), refusedWith(407));
});

Deno.test("streams of a user end when the token is removed, and only those", async () => {
  await using host = new TcpHost(listens);
  const ottosToken = "another-secret";
  const otto = `otto:${await hashOf(ottosToken)}`;
  const users = new ProxyUsers(`${line}\n${otto}`);
  const { server, url, client } = farSide({ users });
  await using _ = server;
  const annas = await within(connectTcp(url, host.target, client));
  const ottos = await within(connectTcp(url, host.target, { ...client, token: ottosToken }));
  assert.throws(() => users.update("nonsense"), /line 1/);
  users.update(otto);
  await assert.rejects(within(new Response(annas.readable).text()), isConnectError);
  await assert.rejects(within(connectTcp(url, host.target, client)), refusedWith(407));
  await within(ottos.writable.getWriter().write(bytes("still here")));
  await ottos.readable.cancel();
});

Deno.test("a proxy says in Proxy-Status why it does not connect", async () => {
  const resolve = (hostname: string) => {
    if (hostname === "unknown.example") throw new TypeError("Cannot resolve it");
    return Promise.resolve(["127.0.0.1"]);
  };
  const { server, url, client } = farSide({
    resolve: (hostname) => Promise.resolve().then(() => resolve(hostname)),
    name: "gateway",
  });
  await using _ = server;
  const host = new TcpHost();
  const { target } = host;
  await host[Symbol.asyncDispose]();
  const rejected = (target: string, status: number, type?: string, more = {}) =>
    assert.rejects(
      within(connectTcp(url, target, { ...client, ...more })),
      refusedWith(status, type),
      target,
    );
  await rejected(target, 502, "connection_refused");
  await rejected("unknown.example:80", 502, "dns_error");
  await rejected("x.example:25", 502, "destination_ip_prohibited");
  const via = { headers: { via: "1.1 somewhere, 3 gateway" } };
  await rejected("x.example:80", 502, "proxy_loop_detected", via);
});

nativeTest("a proxy limits what one user has open, and how fast it opens more", async () => {
  await using host = new TcpHost(listens);
  const few = farSide({ limits: { tunnels: 2 } });
  await using _ = few.server;
  const first = await within(connectTcp(few.url, host.target, few.client));
  await within(connectTcp(few.url, host.target, few.client));
  const third = connectTcp(few.url, host.target, few.client);
  await assert.rejects(within(third), refusedWith(503, "connection_limit_reached"));
  await first.readable.cancel();
  await within((async () => {
    while (host.open.size > 1) await new Promise((resolve) => setTimeout(resolve, 10));
  })());
  await within(connectTcp(few.url, host.target, few.client));

  const slow = farSide({ limits: { opensPerSecond: 0.2 } });
  await using __ = slow.server;
  await within(connectTcp(slow.url, host.target, slow.client));
  const scan = connectTcp(slow.url, host.target, slow.client);
  await assert.rejects(within(scan), refusedWith(429, "connection_limit_reached"));
});

Deno.test("connectTcp() sends what is known already with the request", async () => {
  await using host = new TcpHost(async ({ readable, writable }) => {
    const writer = writable.getWriter();
    await writer.write((await readable.getReader().read()).value!);
    await writer.close();
  });
  const { server, url, client } = farSide();
  await using _ = server;
  const tunnel = await within(connectTcp(url, host.target, { ...client, first: bytes("at once") }));
  assert.equal(await within(new Response(tunnel.readable).text()), "at once");
  const writer = tunnel.writable.getWriter();
  writer.closed.catch(() => {});
  writer.abort().catch(() => {});
});
