import { Readiness } from "../../src/scheduler/readiness.ts";
import assert from "node:assert/strict";
import { FrameWriter } from "../../src/connection/send/frame_writer.ts";
import { Stage } from "../../src/path/health/lifecycle.ts";
import type { Path } from "../../src/path/path.ts";
import { roundRobin } from "../../src/scheduler/round_robin.ts";
import { type End, linkOf, Pair } from "./pair.ts";
import { begin, expectOpen } from "./transfers.ts";

const MB = 1_000_000;

/**
 * Makes an end do no more than a peer must: it acknowledges everything on its first path, never
 * doubts one, and sends nothing again elsewhere before a path is abandoned.
 */
function makeStubborn(end: End): Disposable {
  const known = new Set<Path>();
  const { dispatcher, paths } = end.connection;
  dispatcher.onIdle = () => undefined;
  const tame = () => {
    for (const path of paths.paths) {
      if (known.has(path)) continue;
      known.add(path);
      path.onProbeTimeout = () => {};
    }
  };
  const { ackRoute } = FrameWriter.prototype;
  FrameWriter.prototype.ackRoute = function (path: Path) {
    tame();
    if (!known.has(path)) return ackRoute.call(this, path);
    return paths.paths.find((first) => first.stage === Stage.Open);
  };
  tame();
  return { [Symbol.dispose]: () => void (FrameWriter.prototype.ackRoute = ackRoute) };
}

for (const [name, other] of [["client", "server"], ["server", "client"]] as const) {
  for (const direction of ["download", "upload"] as const) {
    // The receiver sees what the peer does not send again, and waits less.
    const isReceiver = (name === "client") === (direction === "download");
    const longest = isReceiver ? 11_000 : 27_000;
    Deno.test(`A ${name} whose first path dies in a ${direction} copes with a stubborn ${other}`, () => {
      for (let seed = 0; seed < 6; seed++) {
        const pair = new Pair({ seed, links: [linkOf(10, 44), linkOf(10, 44)] }).connect();
        using _stubborn = makeStubborn(pair[other]);
        const finished = begin(pair, 2 * MB, direction);
        const at = 300 + 77 * seed;
        pair.run({ until: at });
        pair.links[0]!.outage(at);
        pair.run({ until: 60_000, when: () => finished() < Infinity });
        expectOpen(pair);
        assert.ok(finished() < at + longest, `${finished() - at} ms`);
        assert.ok(
          pair.client.connection.paths.find(1)!.readiness >= Readiness.Open,
          "the path that works is kept",
        );
      }
    });
  }
}

Deno.test("A stubborn server answers again although two of three paths die at once", () => {
  const links = [linkOf(10, 44), linkOf(10, 44), linkOf(10, 44)];
  for (let seed = 0; seed < 6; seed++) {
    const pair = new Pair({ seed, links, serverAddresses: 3 }).connect();
    using _stubborn = makeStubborn(pair.server);
    const finished = begin(pair, 3 * MB, "upload");
    const at = 400 + 77 * seed;
    pair.run({ until: at });
    for (const link of pair.links.slice(0, 2)) link.outage(at);
    pair.run({ until: 60_000, when: () => finished() < Infinity });
    expectOpen(pair);
    assert.ok(finished() < at + 25_000, `${finished() - at} ms`);
    assert.ok(
      pair.client.connection.paths.find(2)!.readiness >= Readiness.Open,
      "the path that works is kept",
    );
  }
});

Deno.test("A quiet path is asked for an answer if streams lack what may have been sent on it", () => {
  for (const dead of [0, 1]) {
    const pair = new Pair({
      links: [linkOf(10, 44), linkOf(10, 44)],
      clientConfig: { scheduler: roundRobin },
    }).connect();
    const warm = begin(pair, 100_000, "upload");
    pair.run({ until: 3_000 });
    assert.ok(warm() < 1_000);
    using _stubborn = makeStubborn(pair.client);
    pair.links[dead]!.outage(3_000);
    const finished = begin(pair, 20_000, "upload");
    pair.run({ until: 60_000, when: () => finished() < Infinity });
    expectOpen(pair);
    assert.ok(finished() < 9_000, `${finished()} ms`);
  }
});

Deno.test("Paths that all fell silent at once are kept, whichever comes back", () => {
  for (const back of [0, 1]) {
    const pair = new Pair({ links: [linkOf(10, 44), linkOf(10, 44)] }).connect();
    const finished = begin(pair, 3 * MB);
    pair.run({ until: 500 });
    pair.links[back]!.outage(800, 15_000);
    pair.links[1 - back]!.outage(800);
    pair.run({ until: 14_900 });
    for (const end of [pair.client, pair.server]) {
      assert.deepEqual(end.connection.paths.paths.map((path) => path.readiness >= Readiness.Open), [
        true,
        true,
      ]);
    }
    pair.run({ until: 60_000, when: () => finished() < Infinity });
    expectOpen(pair);
    assert.ok(finished() < 22_000, `${finished()} ms`);
  }
});
