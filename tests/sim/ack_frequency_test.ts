import assert from "node:assert/strict";
import { linkOf, Pair } from "./pair.ts";
import { move } from "./transfers.ts";

const SIZE = 20_000_000;

/** Moves 20 MB down two paths; the server asks for one acknowledgement in so many packets. */
function transfer(
  ackFrequency: number,
  loss = 0,
  rtt = 30,
): { acknowledgements: number; time: number } {
  const link = { ...linkOf(50, rtt), loss };
  const pair = new Pair({ links: [link, link], serverConfig: { ackFrequency }, seed: 7 });
  const before = pair.links.reduce((sum, link) => sum + link.upward.counters.delivered, 0);
  pair.start();
  const time = move(pair, SIZE);
  const after = pair.links.reduce((sum, link) => sum + link.upward.counters.delivered, 0);
  return { acknowledgements: after - before, time };
}

Deno.test("a peer that is asked acknowledges far less often, and nothing becomes slower", () => {
  const usual = transfer(0);
  const asked = transfer(10);
  const share = asked.acknowledgements / usual.acknowledgements;
  assert.ok(share < 0.35, `${asked.acknowledgements} of ${usual.acknowledgements}`);
  // Where slow start ends is a matter of chance: the mean of some links tells.
  const factors = [20, 50].map((rtt) => transfer(10, 0, rtt).time / transfer(0, 0, rtt).time);
  factors.push(asked.time / usual.time);
  const factor = factors.reduce((sum, factor) => sum + factor) / factors.length;
  assert.ok(factor < 1.03, `${factor.toFixed(3)} of the time`);
});

Deno.test("acknowledging less often holds under loss too", () => {
  const share = transfer(10, 0.02).acknowledgements / transfer(0, 0.02).acknowledgements;
  assert.ok(share < 0.6, share.toFixed(3));
});
