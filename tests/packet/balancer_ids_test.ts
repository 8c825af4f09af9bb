import assert from "node:assert/strict";
import { BalancerCode, type BalancerConfiguration } from "../../src/packet/balancer_code.ts";
import { BalancerIds } from "../../src/packet/balancer_ids.ts";
import { WorkerMask } from "../../src/packet/worker_mask.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";

const key = new Uint8Array(16).fill(9);
const serverId = Uint8Array.of(1, 2, 3, 4);
const encrypted: BalancerConfiguration = { id: 2, serverId, nonceLength: 12, key };
const plain: BalancerConfiguration = { id: 3, serverId, nonceLength: 12 };

Deno.test("BalancerIds make IDs that a balancer reads, in its configuration", () => {
  const random = new SeededRandom(1);
  for (const configuration of [encrypted, plain]) {
    const layout = new BalancerIds([configuration]);
    const balancer = new BalancerCode(configuration);
    const firsts = new Set<number>();
    for (let i = 0; i < 1_000; i++) {
      const id = layout.make(random);
      assert.ok(balancer.read(id, 0) !== undefined);
      assert.ok(layout.isOurs(id, 0));
      firsts.add(id[0]!);
    }
    assert.equal(firsts.size, 32, "the five bits vary");
  }
});

Deno.test("BalancerIds know IDs of an earlier configuration, and make none", () => {
  const random = new SeededRandom(1);
  const old = new BalancerIds([encrypted]).make(random);
  const next = new BalancerIds([plain, encrypted]);
  assert.ok(next.isOurs(old, 0));
  assert.equal(next.make(random)[0]! >>> 5, 3);
  assert.ok(!new BalancerIds([plain]).isOurs(old, 0), "a configuration that is gone");
});

Deno.test("BalancerIds.replace() changes configurations, and none makes an ID twice", () => {
  const random = new SeededRandom(1);
  const layout = new BalancerIds([encrypted]);
  const ids = [layout.make(random)];
  layout.replace([plain, encrypted]);
  assert.equal(layout.make(random)[0]! >>> 5, 3);
  assert.ok(layout.isOurs(ids[0]!, 0));
  layout.replace([encrypted]);
  for (let i = 0; i < 100; i++) ids.push(layout.make(random));
  assert.equal(new Set(ids.map((id) => id.subarray(1).toHex())).size, ids.length);
  layout.replace([plain]);
  assert.ok(!layout.isOurs(ids[0]!, 0));
});

Deno.test("BalancerIds of another server, key or worker are not ours", () => {
  const random = new SeededRandom(1);
  const id = new BalancerIds([encrypted]).make(random);
  const others: BalancerConfiguration[] = [
    { ...encrypted, serverId: Uint8Array.of(1, 2, 3, 5) },
    { ...encrypted, key: new Uint8Array(16).fill(8) },
    { ...encrypted, id: 1 },
  ];
  for (const other of others) assert.ok(!new BalancerIds([other]).isOurs(id, 0));
  // The five bits can be guessed; what is encrypted cannot.
  const mask = new WorkerMask(random.bytes(8));
  const worker = new BalancerIds([encrypted], { number: 4, mask });
  const own = worker.make(random);
  for (let bits = 0; bits < 32; bits++) {
    const forged = own.slice();
    forged[0] = (forged[0]! & 0xe0) | bits;
    assert.equal(worker.isOurs(forged, 0), forged[0] === own[0]);
    assert.equal(worker.otherWorker(forged, 0), -1);
  }
});

Deno.test("BalancerIds that are used up say so, and are not made twice", () => {
  // A server would need 2^64 of them; with one byte to count in there are 256.
  const random = new SeededRandom(1);
  const layout = new BalancerIds([{ ...encrypted, nonceLength: 4 }]);
  const counting = new BalancerIds([{ ...encrypted, serverId: new Uint8Array(4), nonceLength: 2 }]);
  assert.equal(layout.make(random)[0]! >>> 5, 2);
  const ids = Array.from({ length: 300 }, () => counting.make(random));
  const routed = ids.filter((id) => id[0]! >>> 5 === 2);
  assert.equal(routed.length, 256);
  assert.equal(new Set(routed.map((id) => id.subarray(1).toHex())).size, 256);
  for (const id of ids.slice(256)) {
    assert.equal(id[0], 0b111_00110, "unroutable, six bytes behind it");
  }
});

Deno.test("BalancerIds name their key, server and worker to reset tokens", () => {
  const owners = [
    new BalancerIds([encrypted]),
    new BalancerIds([{ ...encrypted, key: new Uint8Array(16).fill(8) }]),
    new BalancerIds([{ ...encrypted, serverId: Uint8Array.of(1, 2, 3, 5) }]),
  ].map((layout) => layout.ownerOf(Uint8Array.of(0x40)).toHex());
  const workers = [4, 5].map((number) =>
    new BalancerIds([encrypted], { number, mask: new WorkerMask(key) })
  );
  for (const worker of workers) {
    const id = worker.make(new SeededRandom(1));
    const [owner, same] = workers.map((each) => each.ownerOf(id).toHex());
    assert.equal(owner, same, "each tells the same of an ID, be it its own or not");
    owners.push(owner!);
  }
  assert.equal(new Set(owners).size, owners.length);
  assert.ok(owners.every((owner) => !owner.includes(key.toHex())));
});
