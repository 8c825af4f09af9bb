import assert from "node:assert/strict";
import { connectTcp, type TcpTunnel } from "../../src/proxy/connect_tcp.ts";
import { ProxyError } from "../../src/proxy/proxy_client.ts";
import { ProxyUsers } from "../../src/proxy/proxy_users.ts";
import type { TcpStreams } from "../../src/proxy/tcp_streams.ts";
import { within } from "../http3/raw_peer.ts";
import { nativeTest } from "../io/native/tier.ts";
import { farSide, hashOf, line, TcpHost } from "./far_side.ts";

const LIMIT = 1_000;
/** Tunnels that are asked for at a time. */
const TURN = 50;
/** Milliseconds for any step, on a busy machine. */
const LONG = 60_000;

/** A host that sends back what it gets. */
function echoes({ readable, writable }: TcpStreams): void {
  readable.pipeTo(writable).catch(() => {});
}

async function asks(tunnel: TcpTunnel, word: string): Promise<string> {
  const writer = tunnel.writable.getWriter();
  const reader = tunnel.readable.getReader();
  await writer.write(new TextEncoder().encode(word));
  const { value } = await reader.read();
  writer.releaseLock();
  reader.releaseLock();
  return new TextDecoder().decode(value);
}

nativeTest(
  "one user has 1,000 tunnels open and no more, and others are served meanwhile",
  async () => {
    await using host = new TcpHost(echoes);
    const ottosToken = "another-secret";
    const users = new ProxyUsers(`${line}\notto:${await hashOf(ottosToken)}`);
    const { server, url, client } = farSide({ users });
    await using _ = server;
    const open = () => within(connectTcp(url, host.target, client), LONG);
    const tunnels: TcpTunnel[] = [];
    while (tunnels.length < LIMIT) {
      tunnels.push(...await Promise.all(Array.from({ length: TURN }, open)));
    }
    assert.equal(host.open.size, LIMIT);
    await assert.rejects(open(), (error) => {
      assert.ok(error instanceof ProxyError);
      assert.deepEqual([error.status, error.type], [503, "connection_limit_reached"]);
      return true;
    });
    const ottos = await within(
      connectTcp(url, host.target, { ...client, token: ottosToken }),
      LONG,
    );
    assert.equal(await within(asks(ottos, "otto"), LONG), "otto");
    for (const place of [0, 499, 999]) {
      assert.equal(await within(asks(tunnels[place]!, `${place}`), LONG), `${place}`);
    }

    // What ends gives its place back, and leaves nothing open.
    await Promise.all(tunnels.splice(0, LIMIT / 2).map(({ writable }) => writable.close()));
    const isDown = async (count: number) => {
      while (host.open.size > count) await new Promise((resolve) => setTimeout(resolve, 10));
    };
    await within(isDown(LIMIT / 2 + 1), LONG);
    tunnels.push(await open());
    for (const { readable } of [...tunnels, ottos]) readable.cancel().catch(() => {});
    await within(isDown(0), LONG);
  },
);
