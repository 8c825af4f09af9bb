import assert from "node:assert/strict";
import { linkOf } from "../sim/pair.ts";
import { HeapSeries } from "./heap.ts";
import { SoakNet } from "./soak_net.ts";

/** Requests under way at the same time. */
const CONCURRENT = 100;
const SIZE = 64;
const MEASURES = 10;

/** Sends small requests over one connection, each on a stream of its own. */
export async function manyRequests(count: number): Promise<string> {
  const net = new SoakNet({ links: [linkOf(1_000, 4)] });
  const { pair } = net;
  const connection = net.connect();
  const app = net.clientApps.get(connection)!;
  const heap = new HeapSeries();
  let asked = 0;
  let done = 0;
  let goal = 0;
  const ask = () => {
    if (asked >= goal) return;
    asked++;
    app.download(SIZE, {
      onDone: ({ received }) => {
        assert.equal(received, SIZE);
        done++;
        ask();
      },
    });
  };
  const step = Math.ceil(count / MEASURES);
  while (done < count) {
    goal = Math.min(count, goal + step);
    for (let i = 0; i < CONCURRENT; i++) ask();
    pair.client.touch();
    pair.client.endpoint.touch();
    pair.run({ until: pair.now + 600_000, when: () => done >= goal });
    assert.equal(done, goal, "every request was answered");
    // Both ends come to rest: the moments of measuring are alike.
    pair.run({ until: pair.now + 500 });
    assert.ok(connection.closing.open && net.failures === 0, "the connection is alive");
    for (const { streams } of [connection, ...net.serverApps.keys()]) {
      assert.equal(streams.size, 0, "streams that are over are forgotten");
    }
    await heap.measure();
  }
  assert.ok(heap.growth < 0.05, `The heap grew: ${heap}`);
  return `${count} requests on one connection; ${heap}`;
}
