import assert from "node:assert/strict";
import { type Auto, auto } from "../../src/congestion/auto.ts";
import { CouplingGroup } from "../../src/congestion/coupling_group.ts";
import { linkOf, Pair, type PairOptions } from "../sim/pair.ts";
import { World } from "../sim/world.ts";
import { Driver } from "./drive.ts";
import { threadTime } from "../thread_time.ts";

/** Downloads for a while and says whether paths were ever coupled. */
function everCoupled(pair: Pair, seconds: number): boolean {
  pair.start();
  pair.client.app.download(1e9);
  let coupled = false;
  for (let second = 1; second <= seconds && !coupled; second++) {
    pair.run({ until: second * 1_000 });
    const { paths } = pair.server.connection.paths;
    coupled = paths.some(({ current }) => (current.congestion as Auto).isCoupled);
  }
  return coupled;
}

const options: PairOptions = { serverConfig: { congestionControl: auto } };

Deno.test("auto() couples paths that share a bottleneck", () => {
  const world = new World("shared");
  const bottleneck = world.network.link(linkOf(10, 40, { loss: 0.0005 }));
  const pair = new Pair({ ...options, world, sharedLinks: [bottleneck, bottleneck] });
  assert.equal(everCoupled(pair, 60), true);
});

// A client that tries one address after another leaves packets of many network paths under way.
Deno.test("auto() watches no path that was closed, whatever is acknowledged of it later", () => {
  const group = new CouplingGroup();
  for (let i = 0; i < 2_000; i++) {
    const driver = new Driver(auto, 40, group);
    const sent = driver.send();
    driver.controller.close();
    driver.ack(sent);
  }
  const driver = new Driver(auto, 40, group);
  driver.ack(driver.send());
  const begun = threadTime();
  for (let i = 0; i < 5; i++) {
    driver.now += 1_000;
    driver.ack(driver.send());
  }
  assert.ok(threadTime() - begun < 500, `${threadTime() - begun} ms`);
});

Deno.test("auto() leaves paths alone that share nothing", () => {
  const links = [linkOf(10, 40, { loss: 0.0005 }), linkOf(10, 60, { loss: 0.0005 })];
  assert.equal(everCoupled(new Pair({ ...options, links, seed: "disjoint" }), 40), false);
});
