import assert from "node:assert/strict";
import { PING } from "../../src/frame/ping.ts";
import { Health } from "../../src/path/health/lifecycle.ts";
import { Attacker, frame } from "../connection/attacker.ts";
import { linkOf, Pair } from "./pair.ts";

Deno.test("Acknowledgements of a flood on a fast path do not drown a slow one that takes them [attack ack-load]", () => {
  const slow = { ...linkOf(0.064, 40), queue: 6_000 };
  const pair = new Pair({ links: [linkOf(100, 20), slow] }).connect();
  pair.run({ until: 1_000 });
  // Nothing gets back by the fast path any more, so the client doubts it.
  pair.links[0]!.upward.options.loss = 1;
  pair.client.app.upload(1_000);
  pair.run({ until: 2_000 });
  assert.equal(pair.client.connection.paths.find(0)!.health, Health.Suspect);
  const attacker = new Attacker(pair, "server");
  /** 5,000 packets a second that want to be acknowledged. */
  const flood = (seconds: number) => {
    for (let i = 0; i < 1_000 * seconds; i++) {
      for (let k = 0; k < 5; k++) attacker.send(frame(PING));
      pair.run({ until: pair.now + 1 });
    }
  };
  flood(4);
  const { upward } = pair.links[1]!;
  const { offered, dropped: { queue } } = structuredClone(upward.counters);
  flood(4);
  const sent = upward.counters.offered - offered;
  const lost = upward.counters.dropped.queue - queue;
  assert.ok(sent > 50, `${sent} packets, so the peer still hears of what comes`);
  // Without a bound it would be nine of ten.
  assert.ok(lost < 0.2 * sent, `${lost} of ${sent} found the queue full`);
  attacker.expectAlive();
});
