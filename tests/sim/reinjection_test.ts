import { Readiness } from "../../src/scheduler/readiness.ts";
import assert from "node:assert/strict";
import { ErrorCode } from "../../src/error/error_code.ts";
import type {
  FlightPath,
  Reinjection,
  ReinjectionContext,
  ReinjectionPolicy,
} from "../../src/scheduler/reinjection.ts";
import { noCopies, reinjectionPolicies } from "../../src/scheduler/reinjection_policies.ts";
import { measure } from "../../src/sim/experiment.ts";
import { intercept } from "../../src/sim/intercept.ts";
import type { LinkOptions } from "../../src/sim/link.ts";
import { linkOf, Pair } from "./pair.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";

/** Bytes that all links carried towards the client. */
function delivered(pair: Pair): number {
  return pair.links.reduce((sum, link) => sum + link.downward.counters.deliveredBytes, 0);
}

Deno.test("Reinjector copies a lost last datagram before its probe timeout", () => {
  const pair = new Pair({ links: [linkOf(10, 60), linkOf(10, 60)] }).connect();
  const first = pair.client.app.download(200_000);
  pair.run({ until: 5_000, when: () => first.isDone });
  pair.run({ until: pair.now + 500 });
  // The request goes through, the answer does not.
  const request = pair.now;
  const transfer = pair.client.app.download(500);
  const { paths } = pair.server.connection.paths;
  const lose = (loss: number) => pair.links.forEach((link) => (link.downward.options.loss = loss));
  pair.at(request + 1, () => lose(1));
  pair.at(request + 50, () => lose(0));
  pair.run({ until: request + 40 });
  const carrier = paths.find(({ bytesInFlight }) => bytesInFlight > 0)!;
  pair.run({ until: request + 5_000, when: () => transfer.isDone });
  assert.ok(transfer.isDone);
  assert.ok(transfer.duration > 100, `${transfer.duration} ms: the answer was lost`);
  // 30 ms there, a probe timeout, 30 ms back; of that timeout, 25 ms are for held back ACKs, which a
  // lone packet asks the peer not to do.
  const usual = 60 + carrier.probeTimeout - 25;
  assert.ok(transfer.duration < usual + 2, `${transfer.duration} ms, usually ${usual} ms`);
  assert.equal(pair.server.connection.dispatcher.copied > 0, true);
});

/** How long an answer takes whose packet is lost, and how many bytes the server copies. */
function answerLost(reinjection: ReinjectionPolicy): { duration: number; copied: number } {
  const pair = new Pair({ links: [linkOf(10, 60), linkOf(10, 60)], config: { reinjection } })
    .connect();
  const first = pair.client.app.download(200_000);
  pair.run({ until: 5_000, when: () => first.isDone });
  pair.run({ until: pair.now + 500 });
  const request = pair.now;
  const transfer = pair.client.app.download(500);
  const lose = (loss: number) => pair.links.forEach((link) => (link.downward.options.loss = loss));
  pair.at(request + 1, () => lose(1));
  pair.at(request + 50, () => lose(0));
  pair.run({ until: request + 5_000, when: () => transfer.isDone });
  assert.ok(transfer.isDone);
  return { duration: transfer.duration, copied: pair.server.connection.dispatcher.copied };
}

/** Copies what has been in flight for some milliseconds, with a view of its own to the paths. */
function copyAfter(wait: number): ReinjectionPolicy {
  return {
    forConnection: () => {
      const policy = {
        deadline: Infinity,
        next(paths: readonly FlightPath[], { now, isCopyable }: ReinjectionContext) {
          policy.deadline = Infinity;
          for (const from of paths) {
            const to = paths.find((path) =>
              path !== from && path.readiness >= Readiness.Healthy && path.room > 0
            );
            for (let number = from.packets.first; to && number < from.packets.next; number++) {
              const packet = from.packets.get(number);
              if (packet?.copies !== 0 || !isCopyable(from, number)) continue;
              if (packet.timeSent + wait <= now) return { from, number, to };
              policy.deadline = Math.min(policy.deadline, packet.timeSent + wait);
            }
          }
          return undefined;
        },
      };
      return policy;
    },
  };
}

Deno.test("Another policy of reinjection decides in place of the default", () => {
  const none = answerLost(noCopies);
  assert.equal(none.copied, 0);
  // The first copy is lost like the packet; the second leaves when the links are well again.
  const soon = answerLost(copyAfter(62));
  assert.ok(soon.copied > 0);
  assert.ok(soon.duration < none.duration - 20, `${soon.duration} of ${none.duration} ms`);
});

for (const { name, policy } of reinjectionPolicies) {
  Deno.test(`The policy of reinjection ${name} brings transfers to their end`, () => {
    assert.ok(answerLost(policy).duration < 1_000);
  });
}

Deno.test("measure() gives the sender its policy of reinjection, one for each connection", () => {
  let made = 0;
  const policy: ReinjectionPolicy = {
    forConnection: () => (made++, noCopies.forConnection()),
  };
  measure({ links: [linkOf(10, 20)], bytes: 1_000, reinjection: policy, seeds: [1, 2, 3] });
  assert.equal(made, 3);
});

Deno.test("A policy of reinjection that fails closes the connection, and not the program", () => {
  const failing: Reinjection[] = [
    {
      deadline: Infinity,
      next() {
        throw new Error("no idea");
      },
    },
    {
      deadline: Infinity,
      next: ([path]) => ({ from: path!, number: 1_000_000, to: path! }),
    },
  ];
  for (const reinjection of failing) {
    const config = { reinjection: { forConnection: () => reinjection } };
    const pair = new Pair({ links: [linkOf(10, 60), linkOf(10, 60)], config });
    pair.start();
    pair.client.app.download(100_000);
    pair.run({ until: 5_000 });
    const codes = [pair.client, pair.server].map(({ connection }) => connection.closing.reason);
    assert.ok(codes.some((reason) => reason?.code === ErrorCode.InternalError));
  }
});

Deno.test("Reinjector sends few copies where nothing is lost", () => {
  const random = new SeededRandom(1, "reinjection");
  for (let i = 0; i < 12; i++) {
    const links = [0, 1].map(() => linkOf(random.between(2, 30), random.between(5, 250)));
    const pair = new Pair({ links });
    pair.start();
    const bytes = Math.floor(random.between(10_000, 2_000_000));
    const transfer = pair.client.app.download(bytes);
    pair.run({ until: 60_000, when: () => transfer.isDone });
    pair.run({ until: pair.now + 1_000 });
    const { copied } = pair.server.connection.dispatcher;
    const most = 0.02 * delivered(pair) + 10 * 1_452 + 1_452;
    assert.ok(copied <= most, `${copied} of ${bytes} bytes copied`);
  }
});

Deno.test("Reinjector sends no copies at the end of a transfer over equal paths without loss", () => {
  for (const rtt of [24, 44, 104, 204]) {
    const pair = new Pair({ links: [linkOf(10, rtt), linkOf(10, rtt)], serverAddresses: 2 });
    pair.start();
    const transfer = pair.client.app.download(1_048_576);
    pair.run({ until: 60_000, when: () => transfer.isDone });
    assert.equal(pair.server.connection.dispatcher.copied, 0, `RTT ${rtt} ms`);
  }
});

/** Downloads 60 kB; of its full-sized datagrams on the first path some may vanish. */
function download60(
  paths: number,
  vanishes: (number: number) => boolean,
): [ms: number, sent: number] {
  const pair = new Pair({ links: Array.from({ length: paths }, () => linkOf(20, 60)) }).connect();
  const first = pair.client.app.download(400_000);
  pair.run({ until: 5_000, when: () => first.isDone });
  pair.run({ until: pair.now + 500 });
  let sent = 0;
  intercept(pair.links[0]!.downward, pair.world.network.events, (_, { wireSize }) => {
    return wireSize > 400 && vanishes(sent++) ? "drop" : "pass";
  });
  const transfer = pair.client.app.download(60_000);
  pair.run({ until: pair.now + 5_000, when: () => transfer.isDone });
  assert.ok(transfer.isDone);
  return [transfer.duration, sent];
}

Deno.test("A lost end of a transfer is noticed within a round trip, not after a probe timeout", () => {
  for (const paths of [1, 2]) {
    const [whole, count] = download60(paths, () => false);
    const [torn] = download60(paths, (number) => number >= count - 3 && number < count);
    // A round trip and an eighth until that is known, and half of one until it is mended.
    const delay = torn - whole;
    assert.ok(delay > 1, `${paths} paths: ${delay} ms`);
    assert.ok(delay < 60 * (1 + 1 / 8) + 30, `${paths} paths: ${delay} ms`);
  }
});

Deno.test("Reinjector copies what closes the peer's window on a path of unknown rate", () => {
  // The first flight takes 300 ms on the first path, while the other uses up the window.
  const clientConfig = { connectionWindow: 1_572_864, streamWindow: 1_048_576 };
  const links = [linkOf(0.3, 50), linkOf(90, 2)];
  const pair = new Pair({ links, clientConfig, serverAddresses: 2 });
  pair.start();
  const transfer = pair.client.app.download(4_000_000);
  pair.run({ until: 60_000, when: () => transfer.isDone });
  // Without the copies the fast path stands still for 80 ms, and it takes 810 ms.
  assert.ok(transfer.finishedAt < 740, `${transfer.finishedAt} ms`);
});

Deno.test("Reinjector mistrusts what left before a burst of losses was seen", () => {
  const download = (links: LinkOptions[]) => {
    const pair = new Pair({ links, serverAddresses: links.length });
    pair.start();
    const transfer = pair.client.app.download(256_000);
    pair.run({ until: 60_000, when: () => transfer.isDone });
    return [transfer.finishedAt, pair.links.at(-1)!.downward.counters.dropped.queue] as const;
  };
  let sum = 0;
  const count = 24;
  for (let i = 0; i < count; i++) {
    // The queue of the second path overflows in slow start.
    const links = [linkOf(70 + i, 24), linkOf(4 + i / 20, 15, { queue: 15_000 })];
    const [both, dropped] = download(links);
    assert.ok(dropped > 1, `${dropped} dropped`);
    sum += both / download(links.slice(0, 1))[0];
  }
  // 1.09 if one waits for each until it is late.
  assert.ok(sum / count < 1.03, `${sum / count} of the time that the first path takes alone`);
});
