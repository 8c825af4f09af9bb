import assert from "node:assert/strict";
import { connectTcp } from "../../src/proxy/connect_tcp.ts";
import { connectUdp } from "../../src/proxy/connect_udp.ts";
import { JoinedSignal } from "../../src/proxy/joined_signal.ts";
import { ProxyUsers } from "../../src/proxy/proxy_users.ts";
import { within } from "../http3/raw_peer.ts";
import { farSide, line, says, TcpHost, token } from "./far_side.ts";

/** A signal that tells how many listeners it has. */
function counted(signal: AbortSignal): { signal: AbortSignal; listeners: Set<unknown> } {
  const listeners = new Set<unknown>();
  const { addEventListener, removeEventListener } = signal;
  Object.assign(signal, {
    addEventListener(...args: Parameters<typeof addEventListener>) {
      listeners.add(args[1]);
      addEventListener.apply(signal, args);
    },
    removeEventListener(...args: Parameters<typeof removeEventListener>) {
      listeners.delete(args[1]);
      removeEventListener.apply(signal, args);
    },
  });
  return { signal, listeners };
}

Deno.test("JoinedSignal is aborted with the first of several, and leaves them", () => {
  const [one, other] = [new AbortController(), new AbortController()];
  const [first, second] = [counted(one.signal), counted(other.signal)];
  const joined = new JoinedSignal(first.signal, undefined, second.signal);
  assert.deepEqual([first.listeners.size, second.listeners.size], [1, 1]);
  const why = new Error("over");
  other.abort(why);
  assert.equal(joined.signal.reason, why);
  assert.deepEqual([first.listeners.size, second.listeners.size], [0, 0]);
  assert.equal(new JoinedSignal(other.signal).signal.reason, why);
  const released = new JoinedSignal(one.signal);
  released.release();
  one.abort();
  assert.equal(released.signal.aborted, false);
});

Deno.test("tunnels that are over keep nothing of signals that live on", async () => {
  await using host = new TcpHost(says("hello"));
  const users = new ProxyUsers(line);
  const removed = counted(users.identify(`Bearer ${token}`)!.removed);
  const { server, url, client } = farSide({ users });
  await using _ = server;
  const mine = counted(new AbortController().signal);
  const options = { ...client, signal: mine.signal };
  for (let i = 0; i < 3; i++) {
    const tunnel = await within(connectTcp(url, host.target, options), 10_000);
    tunnel.writable.close();
    assert.equal(await within(new Response(tunnel.readable).text(), 10_000), "hello");
    const udp = await within(connectUdp(url, "127.0.0.1:9999", options), 10_000);
    udp.close();
    await within(udp.closed, 10_000);
  }
  await assert.rejects(within(connectTcp(url, "127.0.0.1:25", options), 10_000));
  const isFree = async () => {
    while (mine.listeners.size + removed.listeners.size > 0) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  await within(isFree(), 10_000);
  assert.deepEqual([mine.listeners.size, removed.listeners.size], [0, 0]);
});
