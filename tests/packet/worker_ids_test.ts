import assert from "node:assert/strict";
import { BalancerIds } from "../../src/packet/balancer_ids.ts";
import type { IdLayout } from "../../src/packet/id_layout.ts";
import { workerAt, workerIds, type WorkerPlace } from "../../src/packet/worker_ids.ts";
import { MAX_WORKERS, WorkerMask } from "../../src/packet/worker_mask.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";

/** IDs of one connection. */
const COUNT = 10_000;
/** By so many standard deviations chi-square may be off; chance exceeds it once in 10^6 tries. */
const DEVIATIONS = 5.5;

const mask = new WorkerMask(Uint8Array.fromHex("5bd1e995a24baed4"));
const serverId = Uint8Array.fromHex("aabbccdd");

function encrypted(place: WorkerPlace): IdLayout {
  return new BalancerIds([
    { id: 2, serverId, nonceLength: 12, key: new Uint8Array(16).fill(9) },
  ], place);
}

const layouts: readonly (readonly [string, (place: WorkerPlace) => IdLayout])[] = [
  ["workerIds()", workerIds],
  ["BalancerIds", encrypted],
];

/** How far counts are from even, in standard deviations of chi-square. */
function deviation(values: readonly number[], kinds: number): number {
  const counts = new Array<number>(kinds).fill(0);
  for (const value of values) counts[value]!++;
  const expected = values.length / kinds;
  const square = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  const freedom = kinds - 1;
  return Math.abs(square - freedom) / Math.sqrt(2 * freedom);
}

for (const [name, make] of layouts) {
  Deno.test(`${name}: a worker knows its own IDs, and whose the others are`, () => {
    const random = new SeededRandom(1);
    for (let number = 0; number < MAX_WORKERS; number++) {
      const place = { number, mask };
      const other = { number: (number + 7) % MAX_WORKERS, mask };
      for (let i = 0; i < 50; i++) {
        const datagram = Uint8Array.of(0x40, ...make(place).make(random));
        assert.equal(datagram.length, 1 + make(place).length);
        assert.equal(workerAt(place, datagram, 1), number);
        assert.ok(make(place).isOurs(datagram, 1));
        assert.equal(make(place).otherWorker!(datagram, 1), -1);
        assert.ok(!make(other).isOurs(datagram, 1));
        assert.equal(make(other).otherWorker!(datagram, 1), number);
      }
    }
  });

  Deno.test(`${name}: no statistic of a connection's IDs tells its worker or the connection`, () => {
    for (const number of [0, 1, 31]) {
      const random = new SeededRandom(number + 1);
      const layout = make({ number, mask });
      const ids = Array.from({ length: COUNT }, () => layout.make(random));
      const check = (
        what: string,
        kinds: number,
        valueOf: (id: Uint8Array, i: number) => number,
      ) => {
        const off = deviation(ids.map(valueOf), kinds);
        assert.ok(off < DEVIATIONS, `worker ${number}, ${what}: ${off.toFixed(1)} deviations`);
      };
      check("the five bits", MAX_WORKERS, (id) => id[0]! & 31);
      for (let at = 1; at < layout.length; at++) {
        check(`octet ${at}`, 256, (id) => id[at]!);
        check(`step of octet ${at}`, 256, (id, i) => (id[at]! - ids[(i + 1) % COUNT]![at]!) & 255);
        check(`octet ${at} and the five bits`, MAX_WORKERS, (id) => (id[at]! ^ id[0]!) & 31);
        check(`high bits of octet ${at}`, MAX_WORKERS, (id) => (id[at]! >>> 3) ^ (id[0]! & 31));
        for (let other = at + 1; other < layout.length; other++) {
          check(`octets ${at} and ${other}`, 256, (id) => id[at]! ^ id[other]!);
        }
      }
      assert.equal(new Set(ids.map((id) => id.toHex())).size, COUNT, "none is made twice");
    }
  });
}

Deno.test("the statistics see a worker that is not hidden, and a counter", () => {
  const random = new SeededRandom(1);
  const bare = Array.from({ length: COUNT }, () => (random.bytes(1)[0]! & 0xe0) | 3);
  assert.ok(deviation(bare.map((first) => first & 31), MAX_WORKERS) > 1_000);
  const steps = Array.from({ length: COUNT }, () => 1);
  assert.ok(deviation(steps, 256) > 1_000);
});
