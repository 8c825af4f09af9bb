import assert from "node:assert/strict";
import { Stream } from "../../src/stream/stream.ts";
import { StreamMap } from "../../src/stream/stream_map.ts";

const make = (id: number) => new Stream(id, undefined, undefined);

Deno.test("StreamMap finds the streams that are there, however many have gone", () => {
  const map = new StreamMap();
  const lasting = [0, 2, 3].map(make);
  for (const stream of lasting) map.add(stream);
  for (let id = 4; id < 400; id += 4) {
    map.add(make(id));
    if (id > 8) map.delete(id - 8);
  }
  const ids = [...map.values()].map(({ id }) => id);
  assert.deepEqual(ids, [0, 2, 3, 392, 396]);
  assert.equal(map.size, ids.length);
  for (const stream of lasting) assert.equal(map.get(stream.id), stream);
  assert.equal(map.get(388), undefined);
});

Deno.test("StreamMap is empty when its only stream goes, and takes others then", () => {
  const map = new StreamMap();
  map.add(make(0));
  map.delete(0);
  assert.deepEqual([map.size, map.get(0), [...map.values()]], [0, undefined, []]);
  map.add(make(4));
  assert.equal(map.get(4)?.id, 4);
});
