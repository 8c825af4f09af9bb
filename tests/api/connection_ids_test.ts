import assert from "node:assert/strict";
import { idLayoutOf, replaceConfigurations } from "../../src/api/options/connection_ids.ts";
import type { BalancerConfiguration } from "../../src/packet/balancer_code.ts";
import { randomIds } from "../../src/packet/id_layout.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";
import { dialHere, listenHere } from "./loopback.ts";

const good: BalancerConfiguration = {
  id: 0,
  serverId: new Uint8Array(4),
  nonceLength: 12,
  key: new Uint8Array(16),
};

Deno.test("idLayoutOf() gives random IDs unless a configuration is there", () => {
  assert.equal(idLayoutOf(undefined), randomIds);
  assert.equal(idLayoutOf([good]).length, 17);
  assert.equal(idLayoutOf([good, { ...good, id: 1 }]).length, 17);
});

Deno.test("idLayoutOf() says which configuration cannot be used, and why", () => {
  const cases: [BalancerConfiguration[], RegExp][] = [
    [[], /there is no configuration/],
    [[{ ...good, id: 7 }], /id 7 must be a whole number from 0 to 6/],
    [[{ ...good, id: -1 }], /id -1/],
    [[{ ...good, serverId: new Uint8Array(0) }], /serverId must have one byte/],
    [[{ ...good, key: new Uint8Array(15) }], /key has 15 bytes, and 16 are needed/],
    [[{ ...good, nonceLength: 8 }], /nonceLength 8 must be a whole number from 9 on/],
    [[{ ...good, nonceLength: 7, key: undefined }], /nonceLength 7 must be .* from 8 on/],
    [[{ ...good, nonceLength: 16 }], /19 bytes together at most/],
    [[good, good], /two configurations have one id/],
    [[good, { ...good, id: 1, nonceLength: 11 }], /must have one sum/],
  ];
  for (const [configurations, why] of cases) {
    assert.throws(() => idLayoutOf(configurations), (error) => {
      assert.ok(error instanceof TypeError);
      assert.match(error.message, /^Cannot use connectionIds: /);
      assert.match(error.message, why);
      return true;
    });
  }
});

Deno.test("replaceConfigurations() changes a layout, or says why not and leaves it", () => {
  const random = new SeededRandom(1);
  const layout = idLayoutOf([good]);
  replaceConfigurations(layout, [{ ...good, id: 3 }, good]);
  assert.equal(layout.make(random)[0]! >>> 5, 3);
  const longer = [{ ...good, nonceLength: 13 }];
  assert.throws(() => replaceConfigurations(layout, longer), /would have 18 bytes, and .* have 17/);
  assert.throws(() => replaceConfigurations(layout, []), /there is no configuration/);
  assert.throws(() => replaceConfigurations(randomIds, [good]), /the listener was made without/);
  assert.equal(layout.make(random)[0]! >>> 5, 3);
});

Deno.test("setConnectionIds() of a listener leaves its connections as they are", async () => {
  await using listener = listenHere({ connectionIds: [good] });
  const accepted = listener.accept();
  await using connection = await dialHere(listener);
  const peer = await accepted;
  peer.closed.catch(() => {});
  listener.setConnectionIds([{ ...good, id: 2 }]);
  const { readable, writable } = await connection.createBidirectionalStream();
  const writer = writable.getWriter();
  await writer.write(new TextEncoder().encode("still there"));
  await writer.close();
  for await (const stream of peer.incomingBidirectionalStreams) {
    await stream.readable.pipeTo(stream.writable);
    break;
  }
  assert.equal(await new Response(readable).text(), "still there");
});
