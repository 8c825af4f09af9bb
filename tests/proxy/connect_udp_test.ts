import assert from "node:assert/strict";
import { connectUdp } from "../../src/proxy/connect_udp.ts";
import { ProxyError } from "../../src/proxy/proxy_client.ts";
import { within } from "../http3/raw_peer.ts";
import { farSide } from "./far_side.ts";

const text = (data: Uint8Array | undefined) => data && new TextDecoder().decode(data);
const bytes = (text: string) => new TextEncoder().encode(text);

/** A UDP host on loopback that sends back what it gets. */
function echo(): { socket: Deno.DatagramConn; target: string; received: number } {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const host = { socket, target: `127.0.0.1:${(socket.addr as Deno.NetAddr).port}`, received: 0 };
  (async () => {
    for await (const [data, from] of socket) {
      host.received++;
      await socket.send(data, from);
    }
  })().catch(() => {});
  return host;
}

Deno.test("connectUdp() carries datagrams of all sizes that fit, and ends", async () => {
  const host = echo();
  const { server, url, client } = farSide();
  await using _ = server;
  const tunnel = await within(connectUdp(url, host.target, client));
  assert.ok(tunnel.maxSize >= 1_180, `${tunnel.maxSize}`);
  for (const size of [0, 1, 100, 1_150, tunnel.maxSize]) {
    const data = new Uint8Array(size).fill(size);
    await tunnel.send(data);
    assert.deepEqual(await within(tunnel.read()), data, `${size}`);
  }
  const dropped = tunnel.dropped;
  await tunnel.send(new Uint8Array(tunnel.maxSize + 1));
  await tunnel.send(new Uint8Array(65_528));
  assert.equal(tunnel.dropped, dropped + 2);
  await assert.rejects(tunnel.send("text" as unknown as Uint8Array), TypeError);
  tunnel.close();
  assert.equal(await within(tunnel.read()), undefined);
  await within(tunnel.closed);
  await tunnel.send(bytes("too late"));
  host.socket.close();
});

Deno.test("a proxy drops what a host sends and no path carries, and goes on", async () => {
  const host = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const { server, url, client } = farSide();
  await using _ = server;
  const { port } = host.addr as Deno.NetAddr;
  const tunnel = await within(connectUdp(url, `127.0.0.1:${port}`, client));
  await tunnel.send(bytes("question"));
  const [, from] = await within(host.receive());
  for (const size of [60_000, 5_000, 1_460]) await host.send(new Uint8Array(size), from);
  await host.send(bytes("answer"), from);
  assert.equal(text(await within(tunnel.read())), "answer");
  tunnel.close();
  host.close();
});

Deno.test("a proxy hands on no datagram of another sender", async () => {
  const host = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const stranger = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const { server, url, client } = farSide();
  await using _ = server;
  const { port } = host.addr as Deno.NetAddr;
  const tunnel = await within(connectUdp(url, `127.0.0.1:${port}`, client));
  await tunnel.send(bytes("question"));
  const [data, from] = await within(host.receive());
  assert.equal(text(data), "question");
  await stranger.send(bytes("lie"), from);
  await host.send(bytes("answer"), from);
  assert.equal(text(await within(tunnel.read())), "answer");
  tunnel.close();
  host.close();
  stranger.close();
});

Deno.test("connectUdp() is refused ports, addresses and users that are not allowed", async () => {
  const { server, url, client } = farSide({ allow: ["127.0.0.1"] });
  await using _ = server;
  const refused = (target: string, status: number, more = {}) =>
    assert.rejects(
      within(connectUdp(url, target, { ...client, ...more })),
      (error) => error instanceof ProxyError && error.status === status,
      target,
    );
  await refused("127.0.0.1:53", 502);
  await refused("127.0.0.2:5000", 502);
  await refused("[::1]:5000", 502);
  await refused("127.0.0.1:5000", 407, { token: "wrong" });
  for (const target of ["127.0.0.1", "x:0", "x:70000"]) {
    await assert.rejects(connectUdp(url, target, client), TypeError, target);
  }
  for (const template of [`${url}/{target_host}`, `${url}/{a}/{target_host}/{target_port}`]) {
    await assert.rejects(connectUdp(template, "x:1", client), TypeError, template);
  }
});

Deno.test("a host that does not answer gets no more than the user's share", async () => {
  const host = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const { server, url, client } = farSide({ limits: { unansweredBytes: 2_500 } });
  await using _ = server;
  const { port } = host.addr as Deno.NetAddr;
  const tunnel = await within(connectUdp(url, `127.0.0.1:${port}`, client));
  for (let i = 0; i < 5; i++) await tunnel.send(new Uint8Array(1_000));
  await within(host.receive());
  const [, from] = await within(host.receive());
  const third = host.receive();
  await host.send(bytes("go on"), from);
  assert.equal(text(await within(tunnel.read())), "go on");
  await tunnel.send(bytes("fourth"));
  assert.equal(text((await within(third))[0]), "fourth", "the datagrams between are lost");
  tunnel.close();
  host.close();
});

Deno.test("the sockets of a proxy are given back with their tunnels", async () => {
  const host = echo();
  const { server, url, client } = farSide({ limits: { tunnels: 3 } });
  await using _ = server;
  let count = 0;
  for (let round = 0; round < 5; round++) {
    const tunnels = [];
    for (let i = 0; i < 3; i++) {
      for (;;) {
        // The proxy hears of the end of those before a moment later.
        const tunnel = await within(connectUdp(url, host.target, client)).catch(() => undefined);
        if (tunnel !== undefined) {
          tunnels.push(tunnel);
          break;
        }
      }
    }
    count += tunnels.length;
    for (const tunnel of tunnels) tunnel.close();
    await within(Promise.all(tunnels.map(({ closed }) => closed)));
  }
  assert.equal(count, 15, "as many as may be open are open again and again");
  host.socket.close();
});
