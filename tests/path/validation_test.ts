import assert from "node:assert/strict";
import { PATH_CHALLENGE } from "../../src/frame/path_validation.ts";
import { Validation } from "../../src/path/network/validation.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";
import { TestSink } from "../stream/sink.ts";

function make(): Validation {
  return new Validation(new SeededRandom(4));
}

function challenge(validation: Validation, now: number): Uint8Array {
  const sink = new TestSink();
  validation.writeFrames(sink, 1_200, now);
  assert.equal(sink.bytes[0], PATH_CHALLENGE);
  return sink.bytes.slice(1, 9);
}

Deno.test("Validation believes the response to any challenge it sent, once", () => {
  const validation = make();
  validation.start(100, 3_000, 0);
  const first = challenge(validation, 0);
  validation.expire(100);
  const second = challenge(validation, 100);
  assert.notDeepEqual(first, second);
  assert.equal(validation.onResponse(first, 130), 130);
  assert.equal(validation.onResponse(first, 140), -1);
  assert.equal(validation.onResponse(second, 140), -1);
  assert.equal(validation.pending, false);
  assert.equal(validation.deadline, Infinity);
});

Deno.test("Validation believes nothing else", () => {
  const validation = make();
  assert.equal(validation.onResponse(new Uint8Array(8), 0), -1);
  validation.start(100, 3_000, 0);
  const data = challenge(validation, 0);
  data[7]! ^= 1;
  assert.equal(validation.onResponse(data, 10), -1);
  assert.equal(validation.onResponse(data.subarray(0, 7), 10), -1);
  assert.equal(validation.pending, true);
});

Deno.test("Validation repeats its challenge ever more slowly and gives up", () => {
  const validation = make();
  validation.start(100, 3_000, 0);
  const times: number[] = [];
  let now = 0;
  while (!validation.failed) {
    if (validation.challengeDue) {
      times.push(now);
      challenge(validation, now);
    }
    now = validation.deadline;
    validation.expire(now);
  }
  assert.deepEqual(times, [0, 100, 300, 700, 1_500]);
  assert.equal(now, 3_000);
  assert.equal(validation.due, false);
  assert.equal(validation.deadline, Infinity);
});

Deno.test("Validation gives up even if no challenge could ever be sent", () => {
  const validation = make();
  validation.start(100, 3_000, 0);
  assert.equal(validation.deadline, 3_000);
  validation.expire(3_000);
  assert.ok(validation.failed);
});

Deno.test("Validation answers the eight newest challenges, each once", () => {
  const validation = make();
  for (let i = 0; i < 1_000; i++) validation.onChallenge(new Uint8Array(8).fill(i & 0xff));
  const sink = new TestSink();
  validation.writeFrames(sink, 1_200, 0);
  assert.equal(sink.bytes.length, 8 * 9);
  const answers = Array.from({ length: 8 }, (_, i) => sink.bytes[i * 9 + 1]);
  assert.deepEqual(answers, Array.from({ length: 8 }, (_, i) => (992 + i) & 0xff));
  sink.lost();
  assert.equal(validation.due, false);
});

Deno.test("Validation keeps its own copy of a challenge", () => {
  const validation = make();
  const data = new Uint8Array(8).fill(5);
  validation.onChallenge(data);
  data.fill(6);
  const sink = new TestSink();
  validation.writeFrames(sink, 1_200, 0);
  assert.equal(sink.bytes[1], 5);
});

Deno.test("Validation writes only what fits", () => {
  const validation = make();
  validation.onChallenge(new Uint8Array(8));
  validation.onChallenge(new Uint8Array(8));
  const sink = new TestSink(17);
  validation.writeFrames(sink, 1_200, 0);
  assert.equal(sink.bytes.length, 9);
  assert.ok(validation.due);
});

Deno.test("Validation.stop() ends without a verdict", () => {
  const validation = make();
  validation.start(100, 3_000, 0);
  const data = challenge(validation, 0);
  validation.stop();
  assert.equal(validation.failed, false);
  assert.equal(validation.onResponse(data, 10), -1);
  assert.equal(validation.deadline, Infinity);
});

Deno.test("Validation challenges again when the peer is heard, however many are unanswered", () => {
  const validation = make();
  validation.start(10, 60_000, 0);
  let now = 0;
  for (let i = 0; i < 8; i++) {
    challenge(validation, now);
    now = validation.deadline;
    validation.expire(now);
  }
  challenge(validation, now);
  assert.ok(validation.deadline > now + 1_000, "it has become patient");
  validation.onHeard(now + 100);
  assert.equal(validation.deadline, now + 333);
  validation.onHeard(now + 400);
  assert.equal(validation.challengeDue, true);
});

Deno.test("Validation tells which challenge lacks an answer that is overdue", () => {
  const validation = make();
  validation.start(100, 1_000, 0);
  assert.equal(validation.testedAt(900), Infinity, "none has left");
  challenge(validation, 0);
  validation.expire(100);
  challenge(validation, 100);
  assert.equal(validation.testedAt(199), Infinity, "the last one may be answered yet");
  assert.equal(validation.testedAt(200), 100);
  validation.expire(1_000);
  validation.repeat(100, 500, 1_000);
  assert.equal(validation.testedAt(1_400), Infinity, "none has left again");
  challenge(validation, 1_010);
  validation.expire(1_200);
  challenge(validation, 1_200);
  assert.equal(
    validation.testedAt(1_210),
    1_010,
    "the first one, when the others are asked as well",
  );
});
