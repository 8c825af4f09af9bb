import assert from "node:assert/strict";
import { ReceiveLimit } from "../../src/stream/receive_limit.ts";

Deno.test("ReceiveLimit.receive() counts up to the limit and not beyond", () => {
  const limit = new ReceiveLimit({ window: 10 });
  assert.equal(limit.receive(10), true);
  assert.equal(limit.receive(0), true);
  assert.equal(limit.receive(1), false);
  assert.equal(limit.received, 10);
});

Deno.test("ReceiveLimit.consume() becomes due at a quarter of the window, or at once", () => {
  const limit = new ReceiveLimit({ window: 100 });
  assert.equal(limit.consume(24), false);
  assert.equal(limit.consume(1), true);
  assert.equal(limit.consume(1), false);
  assert.equal(limit.raise(0, 0), 126);
  const count = new ReceiveLimit({ window: 100, patience: 0 });
  assert.equal(count.consume(0), false);
  assert.equal(count.consume(1), true);
});

Deno.test("ReceiveLimit.raise() widens the window only as far as rate and round trip call for", () => {
  // 1,000 bytes/ms over a round trip of 100 ms are 100,000 bytes; four times that is wanted.
  const limit = new ReceiveLimit({ window: 10_000, maxWindow: 1e9 });
  let now = 0;
  for (let i = 0; i < 200; i++) {
    const step = Math.ceil(limit.window / 4);
    now += step / 1000;
    limit.receive(step);
    limit.consume(step);
    limit.raise(now, 100);
  }
  assert.ok(limit.window >= 400_000 && limit.window < 800_000, `${limit.window}`);
  const idle = limit.window;
  for (let i = 0; i < 50; i++) {
    now += 1e4;
    limit.consume(limit.window);
    limit.raise(now, 100);
  }
  assert.equal(limit.window, idle);
});

Deno.test("ReceiveLimit.raise() never stalls a sender that fills four windows a round trip", () => {
  const limit = new ReceiveLimit({ window: 65_536, maxWindow: 16_777_216 });
  // A sender of 50,000 bytes a millisecond, 40 ms away; the reader takes all at once.
  let sent = 0;
  let allowed = limit.limit;
  const grants: { at: number; limit: number }[] = [];
  const arrivals: { at: number; bytes: number }[] = [];
  let stalled = 0;
  for (let now = 0; now < 3000; now++) {
    while (grants[0] && grants[0].at <= now) allowed = grants.shift()!.limit;
    const bytes = Math.min(50_000, allowed - sent);
    if (bytes < 50_000 && now > 1500) stalled++;
    sent += bytes;
    arrivals.push({ at: now + 20, bytes });
    if (arrivals[0]!.at > now) continue;
    const arrived = arrivals.shift()!.bytes;
    assert.equal(limit.receive(arrived), true);
    limit.consume(arrived);
    if (limit.pending) grants.push({ at: now + 20, limit: limit.raise(now, 40) });
  }
  assert.equal(stalled, 0);
});

Deno.test("ReceiveLimit.raise() leaves little unread by a slow reader, and never makes it wait", () => {
  const limit = new ReceiveLimit({ window: 4_194_304, maxWindow: 16_777_216 });
  // A sender of 50,000 bytes a millisecond, 40 ms away; a reader that is ten times slower at first.
  let [sent, unread, allowed] = [0, 0, limit.limit];
  const grants: { at: number; limit: number }[] = [];
  const arrivals: { at: number; bytes: number }[] = [];
  const slow = { most: 0, least: Infinity };
  let stalled = 0;
  for (let now = 0; now < 8_000; now++) {
    while (grants[0] && grants[0].at <= now) allowed = grants.shift()!.limit;
    const bytes = Math.min(50_000, allowed - sent);
    if (bytes < 50_000 && now > 7_000) stalled++;
    sent += bytes;
    arrivals.push({ at: now + 20, bytes });
    if (arrivals[0]!.at <= now) {
      const arrived = arrivals.shift()!.bytes;
      assert.equal(limit.receive(arrived), true);
      unread += arrived;
    }
    const read = Math.min(unread, now < 6_000 ? 5_000 : 100_000);
    unread -= read;
    limit.consume(read, unread);
    if (now > 3_000 && now < 6_000) {
      slow.most = Math.max(slow.most, sent - limit.consumed);
      slow.least = Math.min(slow.least, unread);
    }
    if (limit.pending) grants.push({ at: now + 20, limit: limit.raise(now, 40) });
  }
  // 200,000 bytes are on their way at its rate, there and back.
  assert.ok(slow.most < 800_000, `${slow.most} bytes would be lost with the reader`);
  assert.ok(slow.least > 0, "the reader waits");
  assert.equal(stalled, 0, "the window follows a reader that has become fast");
});

Deno.test("ReceiveLimit.raise() narrows the window once for what lies unread, however often words are lost", () => {
  const limit = new ReceiveLimit({ window: 4_000_000, maxWindow: 16_000_000 });
  let now = 0;
  const consume = (amount: number) =>
    limit.consume(amount, limit.received - limit.consumed - amount);
  assert.equal(limit.receive(4_000_000), true);
  consume(1_000_000);
  limit.receive(limit.raise(now, 50) - limit.received);
  for (let i = 0; i < 10; i++) {
    now += 100;
    consume(10_000);
    assert.equal(limit.onLost(limit.limit), true);
    limit.raise(now, 50);
  }
  consume(limit.received - limit.consumed);
  assert.equal(limit.pending, true, "the peer waits for credit forever");
  assert.ok(limit.raise(now, 50) - limit.consumed >= 131_072);
});

Deno.test("ReceiveLimit.raise() grows no further than its maximum and keeps to it", () => {
  const limit = new ReceiveLimit({ window: 1000, maxWindow: 3000 });
  for (let i = 0; i < 20; i++) {
    limit.consume(1000);
    limit.raise(i, 1000);
  }
  assert.equal(limit.window, 3000);
  limit.widen(1e9);
  assert.equal(limit.window, 3000);
  limit.widen(1);
  assert.equal(limit.window, 3000);
});

Deno.test("ReceiveLimit.receive() leaves room beside what is not read, as far as it may grow", () => {
  const limit = new ReceiveLimit({ window: 1_000, maxWindow: 10_000, reserve: 250 });
  limit.receive(750);
  assert.equal(limit.pending, false, "there is room");
  let received = 750;
  for (; limit.receive(50); received += 50) {
    if (!limit.pending) continue;
    const told = limit.raise(0, 100);
    assert.equal(told, limit.limit);
    assert.ok(limit.limit - limit.received >= Math.min(500, 10_000 - limit.received));
  }
  assert.equal(received, 10_000, "and not further");
  limit.consume(9_000);
  assert.equal(limit.pending, true);
  // The application has asked for no more than that.
  const wary = new ReceiveLimit({
    window: 1_000,
    maxWindow: 10_000,
    reserve: 250,
    maxUnread: 3_000,
  });
  for (received = 0; wary.receive(50); received += 50) if (wary.pending) wary.raise(0, 100);
  assert.equal(received, 3_000);
  // Without a reserve, what is unread is what there is.
  const other = new ReceiveLimit({ window: 1_000, maxWindow: 10_000 });
  for (received = 0; other.receive(50); received += 50) assert.equal(other.pending, false);
  assert.equal(received, 1_000);
});
