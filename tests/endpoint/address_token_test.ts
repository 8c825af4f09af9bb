import assert from "node:assert/strict";
import { chooseEngine } from "../../src/crypto/engine.ts";
import { TokenBox } from "../../src/crypto/token_box.ts";
import { AddressTokens } from "../../src/endpoint/address_token.ts";
import { ReplayMemory } from "../../src/endpoint/replay_memory.ts";
import type { Address } from "../../src/path/address/address.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";

const engine = chooseEngine();
const client: Address = { transport: "udp", hostname: "192.0.2.1", port: 1_111 };
const original = new Uint8Array(8).fill(1);
const source = new Uint8Array(8).fill(2);
const DAY = 86_400_000;

function make(): AddressTokens {
  return new AddressTokens(
    new TokenBox(engine, new SeededRandom(1)),
    (now) => 1_800_000_000_000 + now,
    newMemory(),
  );
}

function newMemory(): () => ReplayMemory {
  const memory = ReplayMemory.create(new Uint8Array(16));
  return () => memory;
}

Deno.test("AddressTokens.check() takes a Retry's token and gives back its IDs", () => {
  const tokens = make();
  const token = tokens.forRetry(client, original, source, 1, 1_000);
  assert.deepEqual(tokens.check(token, client, source, 1, 1_500), {
    originalId: original,
    retrySourceId: source,
  });
});

Deno.test("AddressTokens.check() refuses a Retry's token for another place, ID or time", () => {
  const tokens = make();
  const token = tokens.forRetry(client, original, source, 1, 1_000);
  const cases: [Address, Uint8Array, number][] = [
    [{ ...client, port: 1_112 }, source, 1_500],
    [{ ...client, hostname: "192.0.2.2" }, source, 1_500],
    [client, original, 1_500],
    [client, source, 11_001],
    [client, source, 999],
  ];
  for (const [from, id, now] of cases) {
    assert.equal(tokens.check(token, from, id, 1, now), "invalid");
  }
});

Deno.test("AddressTokens.check() tells the age of a token by the wall clock", () => {
  let slept = 0;
  const box = new TokenBox(engine, new SeededRandom(1));
  const tokens = new AddressTokens(box, (now) => 1_800_000_000_000 + now + slept, newMemory());
  const token = tokens.forLater([client], 1, 0);
  const retry = tokens.forRetry(client, original, source, 1, 0);
  slept = 2 * DAY;
  assert.equal(tokens.check(token, client, source, 1, 10), undefined);
  assert.equal(tokens.check(retry, client, source, 1, 10), "invalid");
  slept = DAY / 2;
  assert.deepEqual(tokens.check(token, client, source, 1, 20), {});
});

Deno.test("AddressTokens.check() refuses any flipped bit and any cut [attack token-forgery]", () => {
  const tokens = make();
  const token = tokens.forRetry(client, original, source, 1, 0);
  for (let i = 0; i < token.length * 8; i++) {
    const forged = token.slice();
    forged[i >>> 3]! ^= 1 << (i & 7);
    const verdict = tokens.check(forged, client, source, 1, 10);
    assert.ok(verdict === "invalid" || verdict === undefined, `bit ${i}`);
  }
  for (let length = 0; length < token.length; length++) {
    const verdict = tokens.check(token.subarray(0, length), client, source, 1, 10);
    assert.ok(verdict === "invalid" || verdict === undefined, `${length} bytes`);
  }
});

Deno.test("AddressTokens.check() takes a token for later once, within a day, from any port [attack token-forgery]", () => {
  const tokens = make();
  const token = () => tokens.forLater([{ ...client, hostname: "192.0.2.7" }, client], 1, 0);
  const first = token();
  const moved = { ...client, port: 9 };
  assert.deepEqual(tokens.check(first, moved, source, 1, 1_000), {});
  assert.equal(tokens.check(first, moved, source, 1, 1_001), undefined);
  assert.equal(tokens.check(token(), client, source, 1, DAY + 1), undefined);
  assert.equal(tokens.check(token(), { ...client, hostname: "::1" }, source, 1, 1), undefined);
});

Deno.test("AddressTokens.check() takes a token in its own version only", () => {
  const tokens = make();
  const retry = tokens.forRetry(client, original, source, 1, 0);
  assert.equal(tokens.check(retry, client, source, 2, 1), "invalid");
  const later = tokens.forLater([client], 1, 0);
  assert.equal(tokens.check(later, client, source, 2, 1), undefined);
  assert.deepEqual(tokens.check(later, client, source, 1, 1), {});
});

Deno.test("AddressTokens does not take one kind of token for the other [attack token-forgery]", () => {
  const tokens = make();
  const retry = tokens.forRetry(client, original, source, 1, 0);
  const swapped = retry.slice();
  swapped[0] = 2;
  assert.equal(tokens.check(swapped, client, source, 1, 1), undefined);
  swapped[0] = 77;
  assert.equal(tokens.check(swapped, client, source, 1, 1), undefined);
});

Deno.test("AddressTokens of another server prove nothing", () => {
  const other = new AddressTokens(
    new TokenBox(engine, new SeededRandom(2)),
    (now) => 1_800_000_000_000 + now,
    newMemory(),
  );
  const token = other.forRetry(client, original, source, 1, 0);
  assert.equal(make().check(token, client, source, 1, 1), "invalid");
});
