import assert from "node:assert/strict";
import { checkPattern } from "../../src/sim/pattern.ts";
import { linkOf, Pair } from "./pair.ts";
import { expectOpen } from "./transfers.ts";

const SIZE = 24_000_000;
/** Bytes that the application reads each 10 ms while it is slow: a sixth of what the links carry. */
const SLOW = 40_000;

for (const loss of [0, 0.01]) {
  Deno.test(`A reader that is slow leaves little unread, and one that becomes fast gets all, ${loss * 100} % lost`, () => {
    const links = [1, 2].map(() => ({ ...linkOf(100, 40), loss }));
    const pair = new Pair({ links }).connect();
    pair.run({ until: pair.now + 500 });
    const { app, connection } = pair.client;
    const { id } = app.download(SIZE);
    pair.client.touch();
    const half = connection.streams.find(id)!.receive!;
    const onEvent = app.onEvent.bind(app);
    app.onEvent = (event) => {
      if (event.type !== "readable") onEvent(event); // the test reads at its own pace
    };
    let at = 0;
    const read = (most: number): boolean => {
      const data = half.read(most);
      if (data === undefined) return false;
      checkPattern(id, at, data);
      at += data.length;
      return true;
    };
    const begun = pair.now;
    let [most, least] = [0, Infinity];
    for (let now = begun; now < begun + 3_000; now += 10) {
      pair.run({ until: now });
      read(SLOW);
      pair.client.touch();
      if (now < begun + 1_500) continue;
      most = Math.max(most, half.limit.received - half.limit.consumed);
      least = Math.min(least, half.bytesReadable);
    }
    assert.ok(most < 900_000, `${most} bytes lie unread`);
    assert.ok(loss > 0 || least > 0, "the reader waits");
    const fast = pair.now;
    while (at < SIZE && pair.now < fast + 60_000) {
      pair.run({ until: pair.now + 10 });
      while (read(65_536));
      pair.client.touch();
    }
    expectOpen(pair);
    assert.equal(at, SIZE);
  });
}
