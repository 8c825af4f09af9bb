import assert from "node:assert/strict";
import type { FrameOwner, SentFrame } from "../../src/frame/sent_frame.ts";
import { SentFrames } from "../../src/frame/sent_frames.ts";

class Owner implements FrameOwner {
  onFrameAcked(): void {}
  onFrameLost(): void {}
}

const shown = ({ owner, kind, start, end }: SentFrame) => [owner, kind, start, end];

Deno.test("SentFrames keeps the frames of a packet in order", () => {
  const frames = new SentFrames();
  const [a, b] = [new Owner(), new Owner()];
  frames.record(a, 1, 2, 3);
  frames.record(b, 4, 5, 2 ** 61);
  assert.equal(frames.count, 2);
  assert.deepEqual(shown(frames.at(0)), [a, 1, 2, 3]);
  assert.deepEqual(shown(frames.at(1)), [b, 4, 5, 2 ** 61]);
});

Deno.test("SentFrames that are cleared serve the next packet, and hold no owner meanwhile", () => {
  const frames = new SentFrames();
  const [a, b] = [new Owner(), new Owner()];
  frames.record(a, 1, 2, 3);
  frames.record(a, 4, 5, 6);
  const used = frames.at(0);
  const second = frames.at(1);
  frames.clear();
  assert.equal(frames.count, 0);
  assert.notEqual(used.owner, a);
  assert.notEqual(second.owner, a);
  frames.record(b, 7, 8, 9);
  assert.equal(frames.at(0), used);
  assert.deepEqual(shown(used), [b, 7, 8, 9]);
});

Deno.test("SentFrames.exchange() hands the frames of a packet over", () => {
  const [built, sent] = [new SentFrames(), new SentFrames()];
  const owner = new Owner();
  built.record(owner, 1, 2, 3);
  built.record(owner, 4, 5, 6);
  sent.exchange(built);
  assert.deepEqual([built.count, sent.count], [0, 2]);
  assert.deepEqual(shown(sent.at(1)), [owner, 4, 5, 6]);
  built.record(owner, 7, 8, 9);
  assert.deepEqual(shown(sent.at(0)), [owner, 1, 2, 3]);
});
