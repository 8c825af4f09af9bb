import assert from "node:assert/strict";
import { linkOf } from "../sim/pair.ts";
import { HeapSeries } from "./heap.ts";
import { SoakNet } from "./soak_net.ts";

/** Connections that are open at the same time. */
const BATCH = 50;
/** Moments at which the heap is measured. */
const MEASURES = 8;

/** Opens and closes connections on one server; every one of them moves some bytes before. */
export async function manyConnections(count: number): Promise<string> {
  const net = new SoakNet({ links: [linkOf(1_000, 4)] });
  const { pair } = net;
  const heap = new HeapSeries();
  let opened = 0;
  let moved = 0;
  const batch = () => {
    const size = Math.min(BATCH, count - opened);
    for (let i = 0; i < size; i++) {
      net.clientApps.get(net.connect())!.download(1_000, {
        onDone: ({ received }) => {
          moved += received;
        },
      });
    }
    opened += size;
    pair.run({ until: pair.now + 20_000, when: () => moved === opened * 1_000 });
    // The client closes one batch, the server the next one.
    const closing = Math.floor(opened / BATCH) % 2 === 0 ? net.clientApps : net.serverApps;
    for (const connection of [...closing.keys()]) connection.close(0, "", pair.now);
    pair.client.touch();
    pair.server.touch();
    pair.run({ until: pair.now + 20_000 });
  };
  const step = Math.max(BATCH, Math.floor(count / MEASURES));
  let next = step; // What is made once, and compiled code, is not measured.
  while (opened < count) {
    batch();
    assertForgotten(net);
    assert.equal(moved, opened * 1_000, "every connection moved its bytes");
    if (opened < next) continue;
    next += step;
    await heap.measure();
  }
  assert.equal(net.failures, 0, "every connection ended in an orderly way");
  assert.ok(heap.growth < 0.05, `The heap grew: ${heap}`);
  return `${count} connections opened and closed; ${heap}`;
}

/** Nothing is left: no connection, no timer, no application. */
function assertForgotten({ pair, clientApps, serverApps }: SoakNet): void {
  for (const { endpoint, host } of [pair.client, pair.server]) {
    assert.equal(endpoint.connections.size, 0, `the ${host.name} forgets its connections`);
    assert.equal(endpoint.deadline, Infinity, `the ${host.name} has no timer left`);
  }
  assert.equal(clientApps.size + serverApps.size, 0, "all ends heard of the end");
}
