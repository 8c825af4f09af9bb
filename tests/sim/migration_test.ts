import assert from "node:assert/strict";
import { linkOf, Pair, type PairOptions } from "./pair.ts";
import { begin, type Direction, expectOpen } from "./transfers.ts";

const MB = 1_000_000;

function pairOf(options: PairOptions = {}): Pair {
  const pair = new Pair({ links: [linkOf(10, 44), linkOf(10, 44)], ...options });
  pair.start();
  return pair;
}

for (const direction of ["download", "upload"] as Direction[]) {
  for (const pathId of [0, 1]) {
    for (const what of ["port", "address"]) {
      Deno.test(`A NAT gives path ${pathId} another ${what} during a ${direction}`, () => {
        const pair = pairOf();
        const finished = begin(pair, 5 * MB, direction);
        pair.at(1_000, () => {
          const to = what === "port" ? {} : { hostname: `10.9.${pathId}.9` };
          pair.clientPorts[pathId]!.rebind(to);
        });
        pair.run({ until: 60_000, when: () => finished() < Infinity });
        expectOpen(pair);
        assert.ok(finished() < 3_600, `${finished()} ms`);
        const path = pair.server.connection.paths.find(pathId)!;
        assert.deepEqual(path.current.remote, pair.clientPorts[pathId]!.publicAddress);
        assert.ok(path.current.validated);
        assert.equal(pair.server.connection.paths.paths.length, 2);
      });
    }
  }

  Deno.test(`The only path is rebound every second during a ${direction}`, () => {
    const pair = pairOf({ links: [linkOf(10, 44)] });
    const finished = begin(pair, 6 * MB, direction);
    for (let at = 1_000; at < 6_000; at += 1_000) {
      pair.at(
        at,
        () =>
          pair.clientPorts[0]!.rebind(at % 2_000 === 0 ? { hostname: `10.9.0.${at / 1_000}` } : {}),
      );
    }
    pair.run({ until: 60_000, when: () => finished() < Infinity });
    expectOpen(pair);
    assert.ok(finished() < 9_000, `${finished()} ms`);
  });

  Deno.test(`All paths are rebound at one moment during a ${direction}`, () => {
    const pair = pairOf();
    const finished = begin(pair, 5 * MB, direction);
    pair.at(1_000, () => pair.clientPorts.forEach((port) => port.rebind()));
    pair.run({ until: 60_000, when: () => finished() < Infinity });
    expectOpen(pair);
    assert.ok(finished() < 3_800, `${finished()} ms`);
  });
}

Deno.test("The first server packet to a new address carries a challenge, within the limit", () => {
  const pair = pairOf({ links: [linkOf(10, 44)] });
  const finished = begin(pair, 3 * MB);
  let received = 0;
  let sent = 0;
  pair.at(1_000, () => {
    const to = pair.clientPorts[0]!.rebind({ hostname: "10.9.0.9" });
    pair.world.network.capture = (_time, event, from, towards, data) => {
      const { current } = pair.server.connection.paths.find(0)!;
      if (current.validated && current.remote.hostname === to.hostname) return;
      if (event === "deliver" && from.hostname === to.hostname) received += data.length;
      if (event === "send" && towards.hostname === to.hostname) sent += data.length;
      assert.ok(sent <= 3 * received, `${sent} bytes for ${received}`);
    };
  });
  pair.run({ until: 60_000, when: () => finished() < Infinity });
  assert.ok(sent > 0);
  expectOpen(pair);
});

Deno.test("A copied packet from another address does not move the path for good", () => {
  const pair = pairOf({ links: [linkOf(10, 44)] });
  const finished = begin(pair, 4 * MB, "upload");
  const { network } = pair.world;
  const from = { transport: "udp", hostname: "10.66.6.6", port: 666 } as const;
  let copied = 0;
  // An attacker on the way is faster than the link, now and then.
  pair.at(1_000, () => {
    network.capture = (_time, event, sender, to, data) => {
      if (event !== "send" || sender.port === 443 || copied >= 20) return;
      if (data.length < 1_000) return;
      copied++;
      network.inject(data, from, to);
    };
  });
  pair.run({ until: 60_000, when: () => finished() < Infinity });
  expectOpen(pair);
  assert.equal(copied, 20);
  assert.ok(finished() < 8_000, `${finished()} ms`);
  assert.notEqual(pair.server.connection.paths.find(0)!.current.remote.hostname, from.hostname);
});

Deno.test("A client ignores packets of its connection from a stranger's address", () => {
  const pair = pairOf();
  const finished = begin(pair, 2 * MB);
  const { network } = pair.world;
  let copied = 0;
  network.capture = (_time, event, sender, to, data) => {
    if (event !== "send" || sender.port !== 443 || copied >= 50 || pair.now < 500) return;
    copied++;
    network.inject(data, { transport: "udp", hostname: "10.66.6.6", port: 443 }, to);
  };
  pair.run({ until: 60_000, when: () => finished() < Infinity });
  expectOpen(pair);
  for (const path of pair.client.connection.paths.paths) {
    assert.equal(path.current.remote.port, 443);
    assert.notEqual(path.current.remote.hostname, "10.66.6.6");
  }
});
