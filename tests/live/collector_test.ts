import assert from "node:assert/strict";
import { Collector } from "../../src/live/collector.ts";
import { MadeConnection, statsOf } from "./watched.ts";

/** A collector on a clock that the test sets. */
function begun(): { collector: Collector & Disposable; clock: { now: number } } {
  const clock = { now: 1_000_000 };
  const collector = new Collector(() => clock.now);
  return {
    collector: Object.assign(collector, { [Symbol.dispose]: () => collector.stop() }),
    clock,
  };
}

Deno.test("A report has what is plotted of each path, and says what the connection is", () => {
  using collector = begun().collector;
  const made = new MadeConnection();
  made.serverName = "host.example";
  made.announce();
  made.paths = [{ bytesReceived: 5_000, bytesSent: 70, packetsLost: 3 }, {
    latestRtt: 0,
    minRtt: Infinity,
    bytesInFlight: 900,
  }];
  made.totals = { bytesReceived: 5_000, bytesSent: 70, packetsLost: 3, openStreams: 2 };
  const { connections: [report], hidden } = collector.report();
  assert.equal(hidden, 0);
  assert.deepEqual(report!.facts, {
    role: "client",
    peer: "[2001:db8::1]:443",
    serverName: "host.example",
    protocol: "h3",
    beganAt: 1_000_000,
  });
  assert.deepEqual(report!.sample, [[0, 5_000, 70, 20, 12_000, 0, 3], [
    1,
    0,
    0,
    null,
    12_000,
    900,
    0,
  ]]);
  assert.equal(report!.paths[0]!.name, "10.0.0.1", "no interface has the address");
  assert.equal(report!.paths[1]!.minRtt, undefined);
  assert.equal(report!.streams, 2);
});

Deno.test("A path that does not answer has no round-trip time to be plotted", () => {
  using collector = begun().collector;
  const made = new MadeConnection().announce();
  made.paths = [{ health: "suspect" }];
  assert.equal(collector.report().connections[0]!.sample[0]![3], null);
});

Deno.test("The end of a connection is told once, with its reason, and then it is forgotten", async () => {
  using collector = begun().collector;
  const orderly = new MadeConnection().announce();
  const failed = new MadeConnection().announce();
  await orderly.close({ closeCode: 7, reason: '<img src=x onerror="alert(1)">' });
  await failed.close(new Error("Cannot go on: the peer has not been heard for too long"));
  const [first, second] = collector.report().connections;
  assert.equal(first!.end, 'closed in order, code 7, "<img src=x onerror="alert(1)">"');
  assert.equal(first!.hasFailed, false);
  assert.equal(first!.events.at(-1)!.text, `The connection is over: ${first!.end}`);
  assert.equal(second!.end, "the peer has not been heard for too long");
  assert.equal(second!.hasFailed, true);
  assert.equal(second!.events.at(-1)!.tone, "bad");
  assert.deepEqual(collector.report().connections, []);
  assert.equal(orderly.watchers, 0, "it is not watched any more");
});

Deno.test("What peers say is shown with every sign visible, and cut off [attack live-view-texts]", async () => {
  using collector = begun().collector;
  const made = new MadeConnection();
  made.serverName = `a\u202egpj.exe\u0007\n${"x".repeat(1_000)}`;
  made.announce();
  await made.close({ closeCode: 0, reason: `\u001b[2J\u2028${"y".repeat(100_000)}` });
  const [report] = collector.report().connections;
  const { serverName } = report!.facts;
  assert.ok(serverName!.startsWith("a\\u{202e}gpj.exe\\u{7}\\u{a}xxx"), serverName);
  assert.ok(serverName!.length < 400 && serverName!.endsWith("…"));
  assert.ok(report!.end!.startsWith('closed in order, code 0, "\\u{1b}[2J\\u{2028}yy'));
  assert.ok(report!.end!.length < 400);
});

Deno.test("A peer that opens many paths, and causes many events, fills no report [attack live-view-load]", () => {
  using collector = begun().collector;
  const made = new MadeConnection().announce();
  made.paths = Array.from({ length: 40 }, (_, id) => ({ id }));
  for (let id = 0; id < 1_000; id++) made.tell("opened", statsOf(id));
  const closeInfo = { closeCode: 0x3e76, by: "peer" } as const;
  for (let id = 0; id < 1_000; id++) made.tell("closed", statsOf(id), { closeInfo });
  const [report] = collector.report().connections;
  assert.equal(report!.sample.length, 16);
  assert.equal(report!.morePaths, 24);
  assert.equal(report!.paths.length, 16 + 8, "the last closed ones");
  assert.equal(report!.events.length, 33);
  assert.match(report!.events.at(-1)!.text, /^\d+ more events$/);
  assert.deepEqual(collector.report().connections[0]!.events, [], "told once");
});

Deno.test("Of many connections some are watched, the others counted; those that end make room", async () => {
  const { collector, clock } = begun();
  using _ = collector;
  const all = Array.from({ length: 40 }, () => new MadeConnection().announce());
  assert.equal(collector.report().connections.length, 32);
  assert.equal(collector.report().hidden, 8);
  await all[39]!.close({ closeCode: 0, reason: "" });
  assert.equal(collector.report().hidden, 7, "one that waited has ended");
  await all[0]!.close({ closeCode: 0, reason: "" });
  collector.report();
  const { connections, hidden } = collector.report();
  assert.deepEqual([connections.length, hidden], [32, 6]);
  assert.equal(all[32]!.watchers, 1, "the one that waited longest");
  // All are idle by now, one after the other gives way.
  clock.now += 10_000;
  collector.report();
  assert.deepEqual([all[1]!.watchers, all[33]!.watchers], [0, 1]);
  // One that carries something does not.
  const busy = all[2]!;
  busy.totals = { bytesReceived: 1 };
  for (let i = 0; i < 20; i++) {
    clock.now += 5_000;
    busy.totals = { bytesReceived: 2 + i };
    collector.report();
  }
  assert.equal(busy.watchers, 1);
});

Deno.test("A collector that has stopped watches nothing", () => {
  const { collector } = begun();
  const made = new MadeConnection().announce();
  collector.stop();
  const later = new MadeConnection().announce();
  assert.deepEqual([made.watchers, later.watchers], [0, 0]);
  assert.deepEqual(collector.report().connections, []);
});
