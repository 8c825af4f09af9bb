import assert from "node:assert/strict";
import { ReplayFilter } from "../../src/endpoint/replay_filter.ts";
import { ReplayMemory } from "../../src/endpoint/replay_memory.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";

const KEY = new Uint8Array(16).fill(3);
const WINDOW = 20_000;
/** Some time at which a window begins. */
const START = 85_000_000 * WINDOW;

function make(places: number, isForgetful = false): ReplayFilter {
  return new ReplayFilter(new BigInt64Array(places), KEY, { window: WINDOW, isForgetful });
}

function idsOf(count: number): Uint8Array[] {
  const random = new SeededRandom(1);
  return Array.from({ length: count }, () => random.bytes(32));
}

Deno.test("ReplayFilter.isFirst() takes each once, whatever stands beside it", () => {
  const filter = make(4_096);
  const ids = idsOf(2_000);
  assert.ok(ids.every((id) => filter.isFirst(id, START)), "each is new");
  assert.ok(ids.every((id) => !filter.isFirst(id, START + 19_999)), "none is");
});

Deno.test("ReplayFilter.isFirst() remembers for one window at least, and not for more than two", () => {
  for (const shown of [0, 1, 10_000, 19_999]) {
    const filter = make(64);
    const [id] = idsOf(1) as [Uint8Array];
    assert.ok(filter.isFirst(id, START + shown));
    assert.equal(filter.isFirst(id, START + shown + WINDOW), false);
    // A clock that was set back makes nothing new.
    assert.equal(filter.isFirst(id, START - 3_600_000), false);
    assert.equal(filter.isFirst(id, START + shown + 2 * WINDOW), true);
  }
});

Deno.test("ReplayFilter.isFirst() takes nothing new when it is full, or forgets", () => {
  const ids = idsOf(400);
  const strict = make(64);
  assert.equal(ids.filter((id) => strict.isFirst(id, START)).length, 64);
  assert.ok(ids.every((id) => !strict.isFirst(id, START)), "none counts twice");
  assert.ok(strict.isFirst(ids[399]!, START + 2 * WINDOW), "places are free again");
  const forgetful = make(64, true);
  assert.ok(ids.every((id) => forgetful.isFirst(id, START)));
});

Deno.test("Threads that share a memory take each offer once among them", async () => {
  const memory = ReplayMemory.create(KEY, true);
  const count = 5_000;
  const answers = await Promise.all([1, 2].map(() => askWorker(memory.buffer, count)));
  for (let i = 0; i < count; i++) {
    assert.ok(answers.filter((taken) => taken[i] === 1).length <= 1, `offer ${i}`);
  }
  const taken = answers.flatMap((each) => [...each]).filter((each) => each === 1).length;
  assert.ok(taken >= 0.99 * count, `${taken} of ${count}`);
});

/** Which of so many offers a thread may read. */
async function askWorker(buffer: ArrayBufferLike, count: number): Promise<Uint8Array> {
  const worker = new Worker(new URL("./replay_worker.ts", import.meta.url), { type: "module" });
  try {
    return await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
      worker.postMessage({ buffer, count });
    });
  } finally {
    worker.terminate();
  }
}
