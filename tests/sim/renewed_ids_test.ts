import assert from "node:assert/strict";
import { BalancerIds } from "../../src/packet/balancer_ids.ts";
import { linkOf, Pair } from "./pair.ts";

const old = { id: 1, serverId: Uint8Array.of(7), nonceLength: 15, key: new Uint8Array(16).fill(1) };
const next = { ...old, id: 2, key: new Uint8Array(16).fill(2) };

/** Counts the client's datagrams with short headers by the configuration of their IDs. */
function watch(pair: Pair): Map<number, number> {
  const counts = new Map<number, number>();
  pair.world.network.capture = (_time, event, _from, to, data) => {
    if (event !== "send" || to.port !== 443 || data[0]! >= 0x80) return;
    const id = data[1]! >>> 5;
    counts.set(id, (counts.get(id) ?? 0) + 1);
  };
  return counts;
}

Deno.test("A new configuration of IDs reaches all paths, and the old IDs are retired", () => {
  for (const loss of [0, 0.1]) {
    const idLayout = new BalancerIds([old]);
    const links = [linkOf(10, 44, { loss }), linkOf(10, 44, { loss })];
    const pair = new Pair({ idLayout, links });
    const counts = watch(pair);
    pair.connect();
    const first = pair.client.app.download(400_000);
    pair.run({ until: pair.now + 20_000, when: () => first.isDone });
    assert.deepEqual([...counts.keys()], [1]);
    const before = pair.server.endpoint.connections.values().next().value!;
    assert.equal(before.paths.paths.length, 2);

    idLayout.replace([next, old]);
    pair.server.endpoint.renewIds();
    const second = pair.client.app.download(800_000);
    pair.run({ until: pair.now + 20_000, when: () => second.isDone });
    assert.ok(second.isDone && !pair.client.has("closed"), "the connection goes on");
    assert.ok(counts.get(2)! > 20, "the client uses IDs of the new configuration");
    counts.clear();
    // The old configuration is gone: nothing that the client sends may name it any more.
    idLayout.replace([next]);
    const third = pair.client.app.download(800_000);
    pair.run({ until: pair.now + 20_000, when: () => third.isDone });
    assert.ok(third.isDone);
    assert.deepEqual([...counts.keys()], [2], `loss ${loss}`);
  }
});

Deno.test("IDs that are renewed during the handshake, and twice in a row, are replaced as well", () => {
  const idLayout = new BalancerIds([old]);
  const pair = new Pair({ idLayout, links: [linkOf(10, 44), linkOf(10, 44)] });
  const counts = watch(pair);
  pair.start();
  pair.run({ until: pair.now + 50 });
  idLayout.replace([next, old]);
  pair.server.endpoint.renewIds();
  pair.server.endpoint.renewIds();
  const transfer = pair.client.app.download(400_000);
  pair.run({ until: pair.now + 20_000, when: () => transfer.isDone });
  assert.ok(transfer.isDone && !pair.client.has("closed"));
  pair.server.endpoint.renewIds();
  pair.run({ until: pair.now + 1_000 });
  counts.clear();
  const last = pair.client.app.download(400_000);
  pair.run({ until: pair.now + 20_000, when: () => last.isDone });
  assert.ok(last.isDone);
  assert.deepEqual([...counts.keys()], [2]);
});
