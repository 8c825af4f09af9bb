import assert from "node:assert/strict";
import { MtuDiscovery } from "../../src/path/network/mtu_discovery.ts";

/** Probes through a network that carries `limit`; returns the sizes tried. */
function search(mtu: MtuDiscovery, limit: number, now = 0): number[] {
  const tried: number[] = [];
  for (let size = mtu.wantedProbe(now, Infinity); size > 0; size = mtu.wantedProbe(now, Infinity)) {
    tried.push(size);
    assert.ok(tried.length < 100);
    mtu.onProbeSent(size);
    assert.equal(mtu.wantedProbe(now, Infinity), 0, "one at a time");
    if (size <= limit) mtu.onProbeAcked(size);
    else mtu.onProbeLost(size, now, now);
  }
  return tried;
}

Deno.test("MtuDiscovery tries the ceiling first", () => {
  const mtu = new MtuDiscovery(1_452);
  assert.deepEqual(search(mtu, 1_500), [1_452]);
  assert.equal(mtu.current, 1_452);
});

Deno.test("MtuDiscovery finds the largest size by halves, three tries each", () => {
  for (const limit of [1_200, 1_222, 1_280, 1_400, 1_440]) {
    const mtu = new MtuDiscovery(1_452);
    const tried = search(mtu, limit);
    assert.ok(mtu.current <= limit && limit - mtu.current < 20, `${mtu.current} of ${limit}`);
    assert.deepEqual(tried.slice(0, 3), [1_452, 1_452, 1_452]);
    assert.ok(tried.length < 20);
  }
});

Deno.test("MtuDiscovery searches again after ten minutes", () => {
  const mtu = new MtuDiscovery(1_452);
  search(mtu, 1_300);
  assert.equal(mtu.wantedProbe(599_999, Infinity), 0);
  search(mtu, 1_500, 600_000);
  assert.equal(mtu.current, 1_452);
});

Deno.test("MtuDiscovery tries jumbo frames behind Ethernet's, and no size between", () => {
  const jumbo = new MtuDiscovery(8_952);
  assert.deepEqual(search(jumbo, 9_000), [1_452, 8_952]);
  assert.equal(jumbo.current, 8_952);
  const ethernet = new MtuDiscovery(8_952);
  assert.deepEqual(search(ethernet, 1_500), [1_452, 8_952, 8_952, 8_952]);
  assert.equal(ethernet.current, 1_452);
  assert.equal(ethernet.wantedProbe(599_999, Infinity), 0);
  search(ethernet, 9_000, 600_000);
  assert.equal(ethernet.current, 8_952);
  const narrow = new MtuDiscovery(8_952);
  search(narrow, 1_400);
  assert.ok(narrow.current > 1_380 && narrow.current <= 1_400, `${narrow.current}`);
});

Deno.test("MtuDiscovery waits with jumbo frames for a window of four", () => {
  const mtu = new MtuDiscovery(8_952);
  assert.equal(mtu.wantedProbe(0, 14_720), 1_452);
  mtu.onProbeSent(1_452);
  mtu.onProbeAcked(1_452);
  assert.equal(mtu.wantedProbe(0, 35_807), 0);
  assert.equal(mtu.wantedProbe(0, 35_808), 8_952);
});

Deno.test("MtuDiscovery falls back from jumbo frames that stop to arrive to Ethernet's", () => {
  const mtu = new MtuDiscovery(8_952);
  search(mtu, 9_000);
  for (const now of [100, 200, 300, 400]) mtu.onPacketLost(8_952, now - 50, now);
  assert.equal(mtu.current, 1_200);
  mtu.onPacketAcked(1_200);
  assert.deepEqual(search(mtu, 1_500, 500), [1_452]);
  assert.equal(mtu.current, 1_452);
});

Deno.test("MtuDiscovery.limit() obeys the peer, but never goes below 1200", () => {
  const mtu = new MtuDiscovery(1_452);
  mtu.limit(1_300);
  search(mtu, 1_500);
  assert.equal(mtu.current, 1_300);
  mtu.limit(1_250);
  assert.equal(mtu.current, 1_250);
  mtu.limit(10);
  assert.equal(mtu.current, 1_200);
  assert.equal(mtu.wantedProbe(0, Infinity), 0);
});

Deno.test("MtuDiscovery takes several separate losses of large datagrams for a black hole", () => {
  const mtu = new MtuDiscovery(1_452);
  search(mtu, 1_500);
  const verdicts = [100, 200, 300, 400].map((now) => mtu.onPacketLost(1_452, now - 50, now));
  assert.deepEqual(verdicts, [false, false, false, true]);
  assert.equal(mtu.current, 1_200);
  mtu.onPacketAcked(1_200);
  search(mtu, 1_400, 500);
  assert.ok(mtu.current > 1_380 && mtu.current <= 1_400);
});

Deno.test("MtuDiscovery does not take an overflowing queue for a black hole", () => {
  const mtu = new MtuDiscovery(1_452);
  search(mtu, 1_500);
  for (let i = 0; i < 500; i++) assert.equal(mtu.onPacketLost(1_452, 50, 100), false);
  assert.equal(mtu.current, 1_452);
});

Deno.test("MtuDiscovery is calmed by any large datagram that arrives", () => {
  const mtu = new MtuDiscovery(1_452);
  search(mtu, 1_500);
  for (let now = 100; now < 5_000; now += 100) {
    assert.equal(mtu.onPacketLost(1_452, now - 50, now), false);
    mtu.onPacketAcked(1_452);
    mtu.onPacketAcked(300);
  }
});

Deno.test("MtuDiscovery is not calmed by datagrams shorter than those that are lost", () => {
  const mtu = new MtuDiscovery(8_952);
  search(mtu, 9_000);
  const verdicts = [100, 200, 300, 400].map((now) => {
    mtu.onPacketAcked(1_452);
    return mtu.onPacketLost(8_952, now - 50, now);
  });
  assert.deepEqual(verdicts, [false, false, false, true]);
  assert.equal(mtu.current, 1_200);
  // What is as long as the shortest that was lost, and arrives, is a proof.
  mtu.onPacketAcked(1_200);
  search(mtu, 9_000, 700_000);
  for (let now = 700_100; now < 705_000; now += 100) {
    assert.equal(mtu.onPacketLost(4_000, now - 50, now), false);
    assert.equal(mtu.onPacketLost(8_952, now - 50, now), false);
    mtu.onPacketAcked(4_000);
  }
});

Deno.test("MtuDiscovery does not blame the size when small datagrams are lost", () => {
  const mtu = new MtuDiscovery(1_452);
  search(mtu, 1_500);
  for (let now = 100; now < 5_000; now += 100) {
    assert.equal(mtu.onPacketLost(1_200, now - 50, now), false);
  }
});

Deno.test("MtuDiscovery.fallBack() sends small datagrams and searches again when they arrive", () => {
  const mtu = new MtuDiscovery(1_452);
  assert.equal(mtu.fallBack(0), false);
  mtu.onPacketAcked(1_200);
  search(mtu, 1_500);
  assert.equal(mtu.fallBack(0), true);
  assert.equal(mtu.current, 1_200);
  assert.equal(mtu.wantedProbe(0, Infinity), 0);
  mtu.onPacketAcked(1_199);
  assert.equal(mtu.wantedProbe(0, Infinity), 0);
  mtu.onPacketAcked(1_200);
  search(mtu, 1_500);
  assert.equal(mtu.current, 1_452);
});

// RFC 8899, Section 5.2.
Deno.test("MtuDiscovery takes ten losses of the base size in a row for a path that is too narrow", () => {
  const mtu = new MtuDiscovery(1_452);
  mtu.doubt(100);
  assert.ok(mtu.takeTrial() && !mtu.takeTrial());
  // What left before says nothing.
  mtu.onPacketLost(1_200, 99, 150);
  assert.ok(!mtu.takeTrial());
  for (let i = 1; i <= 10; i++) {
    assert.ok(!mtu.tooNarrow);
    // One event for all that is lost together, data or probe; and smaller ones do not count.
    const now = 100 + 50 * i;
    mtu.onProbeLost(1_200, now - 50, now);
    mtu.onPacketLost(1_200, now - 50, now);
    mtu.onPacketLost(1_199, now, now);
    assert.equal(mtu.takeTrial(), i < 10);
  }
  assert.ok(mtu.tooNarrow);
});

Deno.test("MtuDiscovery believes any datagram of the base size that arrives", () => {
  for (const arrives of ["probe", "packet"] as const) {
    const mtu = new MtuDiscovery(1_200);
    for (let round = 0; round < 20; round++) {
      const begin = 10_000 * round;
      // Four losses bring the doubt, and nine more do not settle it.
      for (let i = 1; i <= 13; i++) {
        mtu.onPacketLost(1_200, begin + 50 * i, begin + 50 * i + 49);
        assert.equal(mtu.doubtful, i >= 4);
      }
      if (arrives === "probe") mtu.onProbeAcked(1_200);
      else mtu.onPacketAcked(1_200);
      assert.ok(!mtu.doubtful && !mtu.takeTrial());
    }
    assert.ok(!mtu.tooNarrow);
  }
});
