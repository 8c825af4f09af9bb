import assert from "node:assert/strict";
import { SeededRandom } from "../../src/sim/seeded_random.ts";
import { chooseEngine } from "../../src/crypto/engine.ts";
import { TokenBox } from "../../src/crypto/token_box.ts";
import { TransportError } from "../../src/error/quic_error.ts";
import type { Session } from "../../src/tls/session.ts";
import { credentialFor, Pair, type PairOptions, storeFor } from "./pair.ts";

const box = new TokenBox(chooseEngine(), new SeededRandom(3));
const tickets = { box, acceptEarlyData: () => true };
const clientCertificates = { verification: storeFor("Ed25519") };

/** Changes, cuts, doubles or inserts bytes; half of the time near the beginning. */
function mutate(data: Uint8Array, random: SeededRandom): Uint8Array {
  const reach = random.below(2) === 0 ? Math.min(data.length, 120) : data.length;
  const at = random.below(reach);
  const result = data.slice();
  switch (random.below(5)) {
    case 0:
      result[at]! ^= 1 << random.below(8);
      return result;
    case 1:
      result[at] = [0, 1, 0x7f, 0x80, 0xff][random.below(5)]!;
      return result;
    case 2:
      return result.subarray(0, at);
    case 3: {
      const longer = new Uint8Array(data.length + 1 + random.below(40));
      longer.set(data);
      longer.set(data.subarray(at, at + longer.length - data.length), data.length);
      return longer;
    }
    default:
      result.copyWithin(at, random.below(data.length));
      return result;
  }
}

/** Runs with one flight changed; tells whether it was refused. */
function attack(options: PairOptions, seed: number): boolean {
  const random = new SeededRandom(seed);
  const target = random.below(4);
  let flights = 0;
  const tamper: PairOptions["tamper"] = (flight) =>
    flights++ === target ? mutate(flight.data, random) : flight.data;
  const pair = new Pair({ ...options, seed, tamper, chunk: 1 + random.below(1500) });
  try {
    pair.run();
  } catch (error) {
    assert.ok(error instanceof TransportError, `seed ${seed}: ${String(error)}`);
    assert.notEqual(error.code, 0x150, `seed ${seed}: ${error.stack}`);
    return true;
  }
  // What was changed after all went through cannot have been believed by both.
  return false;
}

function session(): Session {
  const sessions: Session[] = [];
  new Pair({ client: { onSession: (one) => sessions.push(one) }, server: { tickets } }).run();
  return sessions[0]!;
}

const variants: readonly (readonly [string, PairOptions])[] = [
  ["a full handshake", { keyType: "Ed25519" }],
  ["a handshake with client certificates", {
    keyType: "Ed25519",
    client: { credential: credentialFor("Ed25519") },
    server: { clientCertificates },
  }],
  ["a resumed handshake with 0-RTT", {
    client: { session: session(), earlyData: true },
    server: { tickets },
  }],
  ["a handshake with another key share", { keyType: "Ed25519", server: { groups: [0x17] } }],
];

for (const [name, options] of variants) {
  Deno.test(`Handshake.receive() throws only TransportError when ${name} is changed [attack tls-mutation]`, () => {
    let refused = 0;
    for (let seed = 1; seed <= 1000; seed++) if (attack(options, seed)) refused++;
    assert.ok(refused > 400, `only ${refused} of 1000 were refused`);
  });
}

Deno.test("Handshake.receive() throws only TransportError for noise [attack tls-mutation]", () => {
  const random = new SeededRandom(11);
  for (let round = 0; round < 2000; round++) {
    const pair = new Pair({ seed: round });
    const data = random.bytes(4 + random.below(300));
    data[0] = random.below(2) === 0 ? 1 : 2;
    data[1] = 0;
    data[2] = (data.length - 4) >>> 8;
    data[3] = data.length - 4;
    pair.client.start(0);
    for (const side of [pair.client, pair.server]) {
      assert.throws(() => side.receive(0, data, 0), (error) => {
        return error instanceof TransportError && error.code !== 0x150;
      });
    }
  }
});
