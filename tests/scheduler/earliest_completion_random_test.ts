import assert from "node:assert/strict";
import { earliestCompletion } from "../../src/scheduler/earliest_completion.ts";
import { arrivalAt, departAt, isOverdue, rateOf, transitOf } from "../../src/scheduler/forecast.ts";
import type { PathView } from "../../src/scheduler/scheduler.ts";
import { type StreamView, urgencyOrder } from "../../src/scheduler/stream_order.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";
import { contextOf, pathView, streamView } from "./views.ts";

const ROUNDS = 20_000;
const NOW = 1_000;

function randomPath(id: number, random: SeededRandom): PathView {
  const smoothedRtt = random.between(2, 300);
  const congestionWindow = random.between(2_400, 200_000);
  const isFull = random.chance(0.6);
  const bytesInFlight = isFull
    ? congestionWindow - random.between(0, 1_199)
    : random.between(0, congestionWindow - 1_200);
  return pathView(id, {
    smoothedRtt,
    minRtt: smoothedRtt * random.between(0.2, 1),
    rttVariation: random.between(0, smoothedRtt / 3),
    congestionWindow,
    bytesInFlight,
    inSlowStart: random.chance(0.3),
    deliveryRate: random.chance(0.7) ? random.between(10, 5_000) : 0,
    nextSendAt: random.chance(0.3) ? NOW + random.between(0, 5) : 0,
    nextAckAt: bytesInFlight > 0 ? NOW + random.between(-20, smoothedRtt) : Infinity,
  });
}

function randomStream(id: number, random: SeededRandom): StreamView {
  return streamView(id, Math.floor(random.between(1, 10 ** random.between(1, 6))), {
    urgency: random.below(4),
    incremental: random.chance(0.4),
    turn: random.below(10),
  });
}

interface Case {
  readonly paths: PathView[];
  readonly streams: StreamView[];
}

function randomCase(random: SeededRandom): Case {
  const paths = Array.from({ length: 1 + random.below(4) }, (_, id) => randomPath(id, random));
  const streams = Array.from({ length: random.below(7) }, (_, i) => randomStream(4 * i, random));
  return { paths, streams: streams.toSorted((a, b) => urgencyOrder(a, b) || a.id - b.id) };
}

/** The earliest time by which paths deliver so many bytes together: water filling, step by step. */
function finishTime(paths: readonly PathView[], bytes: number): number {
  const starts = paths
    .map((path) => ({ time: departAt(path, NOW) + transitOf(path), rate: rateOf(path) }))
    .toSorted((a, b) => a.time - b.time);
  let rate = 0;
  let offset = 0;
  for (const [i, start] of starts.entries()) {
    rate += start.rate;
    offset += start.rate * start.time;
    const time = (bytes + offset) / rate;
    if (i + 1 === starts.length || time <= starts[i + 1]!.time) return time;
  }
  return Infinity;
}

/** Bytes that leave before a stream is done, by the definition rather than group by group. */
function bytesToFinish(streams: readonly StreamView[], me: StreamView): number {
  let bytes = me.bytesQueued;
  for (const other of streams) {
    if (other === me || other.urgency > me.urgency) continue;
    if (other.urgency < me.urgency) bytes += other.bytesQueued;
    else if (!other.incremental) {
      if (me.incremental || other.id < me.id) bytes += other.bytesQueued;
    } else if (me.incremental) {
      bytes += Math.min(other.bytesQueued, Math.max(0, me.bytesQueued - 1_200));
    }
  }
  return bytes;
}

/** What should be sent: [path, stream], or nothing. */
function expected({ paths, streams }: Case): [number, number] | undefined {
  const arrival = (path: PathView) => arrivalAt(path, path.maxDatagramSize, NOW);
  const free = paths.filter((path) => path.room > 0).toSorted((a, b) => arrival(a) - arrival(b));
  const best = free[0];
  if (!best) return undefined;
  const faster = paths.filter((path) =>
    path !== best && !isOverdue(path, NOW) && arrival(path) < arrival(best)
  );
  for (const stream of streams) {
    const bytes = bytesToFinish(streams, stream);
    if (faster.length > 0 && finishTime(faster, bytes) <= arrival(best)) continue;
    return [best.id, stream.id];
  }
  return undefined;
}

Deno.test("earliestCompletion() decides as water filling by definition does", () => {
  const random = new SeededRandom(1, "definition");
  let waited = 0;
  let passedOver = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const { paths, streams } = randomCase(random);
    if (streams.length === 0) continue;
    const answer = earliestCompletion(paths, streams, contextOf({ now: NOW, credit: Infinity }));
    const wanted = expected({ paths, streams });
    const first = answer?.streams?.[0] ?? streams[0]!;
    const got = answer?.path && [answer.path.id, first.id];
    assert.deepEqual(got, wanted, `round ${round}`);
    if (answer?.until !== undefined) waited++;
    if (first !== streams[0]) passedOver++;
  }
  assert.ok(waited > 500 && passedOver > 200, `${waited} waits, ${passedOver} passed over`);
});

Deno.test("earliestCompletion() sends exactly if there is a path with room or a reason to wait", () => {
  const random = new SeededRandom(2, "idle");
  for (let round = 0; round < ROUNDS; round++) {
    const { paths, streams } = randomCase(random);
    const answer = earliestCompletion(paths, streams, contextOf({ now: NOW, credit: Infinity }));
    const open = paths.some((path) => path.room > 0);
    if (!open) assert.equal(answer, undefined);
    else if (answer?.path) assert.ok(answer.path.room > 0);
    else assert.ok(streams.length > 0 && answer!.until! >= NOW && answer!.until! < Infinity);
  }
});

Deno.test("earliestCompletion() gives no stream a path that one before it would take", () => {
  const random = new SeededRandom(3, "inversion");
  for (let round = 0; round < ROUNDS; round++) {
    const { paths, streams } = randomCase(random);
    const answer = earliestCompletion(paths, streams, contextOf({ now: NOW, credit: Infinity }));
    const first = answer?.path && answer.streams ? streams.indexOf(answer.streams[0]!) : 0;
    for (let i = 1; i <= first; i++) {
      const before = earliestCompletion(
        paths,
        streams.slice(0, i),
        contextOf({ now: NOW, credit: Infinity }),
      );
      assert.equal(before?.path, undefined, `round ${round}: stream ${i - 1} would go`);
    }
  }
});

Deno.test("earliestCompletion() does not depend on the order of the paths", () => {
  const random = new SeededRandom(4, "permutation");
  for (let round = 0; round < ROUNDS; round++) {
    const { paths, streams } = randomCase(random);
    const path = earliestCompletion(paths, streams, contextOf({ now: NOW, credit: Infinity }))
      ?.path;
    const other = earliestCompletion(
      paths.toReversed(),
      streams,
      contextOf({ now: NOW, credit: Infinity }),
    )?.path;
    assert.equal(other, path, `round ${round}`);
  }
});
