import assert from "node:assert/strict";
import { DEFAULTS } from "../../src/connection/config.ts";
import { chooseEngine } from "../../src/crypto/engine.ts";
import { ServiceSecret } from "../../src/crypto/service_secret.ts";
import { Resumption } from "../../src/endpoint/resumption.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";

const DAY = 86_400_000;
/** The middle of a day. */
const NOON = 20_000 * DAY + DAY / 2;
const text = Uint8Array.of(1, 2, 3);

function make(seed: number, secret?: ServiceSecret): Resumption {
  const random = new SeededRandom(seed);
  const context = { engine: chooseEngine(), random, wallTime: (now: number) => NOON + now };
  const tls = { credential: () => undefined, alpn: ["test"] };
  return new Resumption({ transport: DEFAULTS, tls, secret }, context);
}

for (const box of ["tokens", "tickets"] as const) {
  const boxOf = (kept: Resumption) => box === "tokens" ? kept.tokens : kept.tickets!.box;

  Deno.test(`Servers with one secret open each other's ${box} of the day and the day before`, () => {
    const secret = new ServiceSecret(new Uint8Array(32).fill(1));
    const [one, two] = [make(1, secret), make(2, secret)];
    one.tick(0);
    const sealed = boxOf(one).seal(9, text);
    for (const [now, opens] of [[0, true], [DAY, true], [2 * DAY, false], [0, true]] as const) {
      two.tick(now);
      assert.deepEqual(boxOf(two).open(9, sealed), opens ? text : undefined, `${now / DAY} days`);
    }
    const stranger = make(3, new ServiceSecret(new Uint8Array(32).fill(2)));
    stranger.tick(0);
    assert.equal(boxOf(stranger).open(9, sealed), undefined);
  });

  Deno.test(`Without a secret a server opens its own ${box} of the day before, and no others`, () => {
    const [one, two] = [make(1), make(2)];
    one.tick(0);
    two.tick(0);
    const sealed = boxOf(one).seal(9, text);
    assert.equal(boxOf(two).open(9, sealed), undefined);
    one.tick(DAY);
    assert.deepEqual(boxOf(one).open(9, sealed), text);
    one.tick(2 * DAY);
    assert.equal(boxOf(one).open(9, sealed), undefined);
  });
}

Deno.test("A token is no ticket, though both come from one secret", () => {
  const kept = make(1, new ServiceSecret(new Uint8Array(32)));
  kept.tick(0);
  assert.equal(kept.tickets!.box.open(9, kept.tokens.seal(9, text)), undefined);
});
