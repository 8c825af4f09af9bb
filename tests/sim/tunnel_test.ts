import { Readiness } from "../../src/scheduler/readiness.ts";
import assert from "node:assert/strict";
import { SendHalf } from "../../src/stream/send_half.ts";
import { Drip } from "./drip.ts";
import { linkOf, Pair } from "./pair.ts";
import { begin, expectOpen } from "./transfers.ts";
import { Tunnel } from "./tunnel.ts";

/** Milliseconds within which a link that is back is in use, without the messages' own way. */
const RETURN = 2_000;

for (const chat of ["client", "server", "both", "none"] as const) {
  Deno.test(`All paths are silent for up to a minute while ${chat} sends: the first back is used`, () => {
    for (const [paths, back] of [[2, 0], [2, 1], [3, 1]] as const) {
      for (const seconds of [8, 16, 28, 55]) {
        const links = Array.from({ length: paths }, () => linkOf(10, 44));
        const pair = new Pair({ seed: seconds, links, config: { maxIdleTimeout: 90_000 } })
          .connect();
        pair.run({ until: pair.now + 500 });
        const both = (["client", "server"] as const).map((from) =>
          new Drip(pair, { from, period: 1_000 })
        );
        for (const drip of both) drip.start();
        pair.run({ until: pair.now + 4_000 });
        if (chat !== "both") {
          both.forEach((drip, i) => (i === 0) !== (chat === "client") && drip.stop());
        }
        if (chat === "none") both.forEach((drip) => drip.stop());
        for (const link of pair.links) link.down();
        pair.run({ until: pair.now + 1_000 * seconds });
        pair.links[back]!.up();
        for (const drip of both) drip.start();
        const from = pair.now;
        pair.run({
          until: from + 60_000,
          when: () => pair.now > from && both.every(({ waiting }) => waiting < 50),
        });
        expectOpen(pair);
        const what = `${paths} paths, ${back} is back after ${seconds} s`;
        assert.ok(pair.now - from <= RETURN + 22, `${what}: used after ${pair.now - from} ms`);
        for (const { connection } of [pair.client, pair.server]) {
          assert.ok(
            connection.paths.paths.every(({ readiness }) => readiness >= Readiness.Open),
            `${what}: all are kept`,
          );
        }
      }
    }
  });
}

Deno.test("Seeds: whatever waits in a tunnel, the links that come back are used, and none is given up", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const { first, download = 0, second, idsSpent } = new Tunnel(seed).run();
    assert.ok(first <= RETURN, `seed ${seed}: the first after ${first} ms`);
    assert.ok(download <= RETURN + 250, `seed ${seed}: the download after ${download} ms`);
    assert.ok(second <= RETURN, `seed ${seed}: the next after ${second} ms`);
    assert.equal(idsSpent, 0, `seed ${seed}`);
  }
});

Deno.test("A download goes on behind a tunnel without what had arrived before", () => {
  for (const seconds of [17, 23, 31, 40]) {
    const links = [linkOf(30, 85), linkOf(20, 110)];
    const pair = new Pair({ seed: seconds, links, config: { maxIdleTimeout: 90_000 } }).connect();
    const transfer = pair.client.app.download(300_000_000);
    pair.run({ until: pair.now + 3_000 });
    for (const link of pair.links) link.down();
    pair.run({ until: pair.now + 1_000 * seconds });
    const bytes = transfer.received;
    pair.links[0]!.up();
    const from = pair.now;
    const { delivered } = pair.links[0]!.downward.counters;
    const isHeard = () => pair.links[0]!.downward.counters.delivered > delivered;
    pair.run({ until: from + 5_000, when: isHeard });
    const heardAt = pair.now;
    pair.run({ until: from + 5_000, when: () => transfer.received > bytes });
    // A round trip until the client is answered, half of one for what it had received by the other
    // path, half of one for the next bytes; and what was sent meanwhile is before them.
    assert.ok(pair.now - heardAt < 3.5 * 85, `${seconds} s: ${pair.now - heardAt} ms`);
    const silent = pair.server.connection.paths.find(1)!;
    assert.ok(silent.readiness < Readiness.Healthy, "the news of it are no answer of a path");
    assert.ok(silent.smoothedRtt < 1_000, `and no sample: ${silent.smoothedRtt} ms`);
  }
});

Deno.test("A path that is opened while nothing is heard costs one path ID, and opens in the end", () => {
  const pair = new Pair({
    links: [linkOf(10, 44), linkOf(10, 44)],
    openPaths: false,
    config: { maxIdleTimeout: 90_000 },
  }).connect();
  const drip = new Drip(pair, { from: "client", period: 200 });
  drip.start();
  pair.run({ until: pair.now + 1_000 });
  for (const link of pair.links) link.down();
  pair.run({ until: pair.now + 1_000 });
  pair.openPaths();
  pair.run({ until: pair.now + 45_000 });
  assert.equal(pair.client.has("pathRefused"), false);
  const from = pair.now;
  pair.links[1]!.up();
  pair.run({ until: from + 10_000, when: () => drip.waiting < 300 });
  expectOpen(pair);
  assert.ok(pair.now - from < RETURN, `${pair.now - from} ms`);
  const { connection } = pair.client;
  assert.deepEqual(
    connection.paths.paths.map(({ id, readiness }) => [id, readiness >= Readiness.Open]),
    [[0, true], [
      1,
      true,
    ]],
  );
});

for (const lead of [30, 60, 90]) {
  Deno.test(`A path that was being opened for ${lead} ms when a tunnel began opens behind it`, () => {
    for (const period of [10, 200]) {
      const pair = new Pair({
        links: [linkOf(10, 60), linkOf(10, 60), linkOf(10, 60)],
        openPaths: false,
        config: { maxIdleTimeout: 90_000 },
      }).connect();
      const drips = (["client", "server"] as const).map((from) => new Drip(pair, { from, period }));
      for (const drip of drips) drip.start();
      pair.run({ until: pair.now + 1_000 });
      pair.openPaths();
      // Other paths are heard of until then, though no answer could have come yet.
      pair.run({ until: pair.now + lead });
      for (const link of pair.links) link.down();
      pair.run({ until: pair.now + 20_000 });
      assert.equal(pair.client.has("pathRefused"), false);
      for (const link of pair.links) link.up();
      pair.run({ until: pair.now + 5_000 });
      expectOpen(pair);
      for (const { connection } of [pair.client, pair.server]) {
        const paths = connection.paths.paths.map((
          { id, readiness },
        ) => [id, readiness >= Readiness.Open]);
        assert.deepEqual(paths, [[0, true], [1, true], [2, true]], `every ${period} ms`);
      }
    }
  });
}

Deno.test("A path that is opened where nothing can be heard is given up if another answers", () => {
  for (const isBusy of [false, true]) {
    const pair = new Pair({ links: [linkOf(10, 44), linkOf(10, 44)], openPaths: false }).connect();
    pair.run({ until: pair.now + 5_000 });
    if (isBusy) new Drip(pair, { from: "client", period: 200 }).start();
    pair.links[1]!.down();
    pair.openPaths();
    pair.run({ until: pair.now + 7_000, when: () => pair.client.has("pathRefused") });
    assert.ok(pair.client.has("pathRefused"), isBusy ? "others are busy" : "others rest");
    expectOpen(pair);
  }
});

Deno.test("A socket that cannot send gives its path up only if another path answers", () => {
  const pair = new Pair({
    links: [linkOf(10, 44), linkOf(10, 44)],
    config: { maxIdleTimeout: 90_000 },
  }).connect();
  const drip = new Drip(pair, { from: "client", period: 100 });
  drip.start();
  pair.run({ until: pair.now + 1_000 });
  for (const link of pair.links) link.down();
  const port = pair.clientPorts[0]!;
  port.onSendError = (remote) => pair.client.endpoint.portFailed(port, remote, pair.now);
  pair.run({ until: pair.now + 40_000 });
  port.onSendError = undefined;
  pair.links[0]!.up();
  const from = pair.now;
  pair.run({ until: from + 10_000, when: () => drip.waiting < 200 });
  assert.ok(pair.now - from < RETURN, `${pair.now - from} ms`);
  assert.ok(
    pair.client.connection.paths.paths.every(({ readiness }) => readiness >= Readiness.Open),
  );
});

Deno.test("By a link that is back what waits goes first, and then what finds out its size", () => {
  for (const from of ["client", "server"] as const) {
    const pair = new Pair({
      links: [linkOf(10, 100), linkOf(10, 100)],
      config: { maxIdleTimeout: 90_000 },
    }).connect();
    begin(pair, 50_000_000, from === "client" ? "upload" : "download");
    pair.run({ until: pair.now + 2_000 });
    for (const link of pair.links) link.down();
    pair.run({ until: pair.now + 20_000 });
    pair.links[1]!.up();
    const path = pair[from].connection.paths.find(1)!;
    const { sent } = path.space;
    let next = -1;
    const { onEvent } = pair[from];
    pair[from].onEvent = (event) => {
      onEvent(event);
      if (event.type === "pathHealth" && path.readiness >= Readiness.Healthy) next = sent.next;
    };
    pair.run({ until: pair.now + 4_000, when: () => next >= 0 });
    while (sent.get(next) === undefined && next < sent.next) next++; // some numbers are left out
    const { frames } = sent.get(next)!;
    const owners = Array.from({ length: frames.count }, (_, i) => frames.at(i).owner);
    assert.ok(owners.some((owner) => owner instanceof SendHalf), `of the ${from}`);
    pair.run({ until: pair.now + 500 });
    assert.equal(path.maxDatagramSize, 1_452, "the size is found out as well");
  }
});
