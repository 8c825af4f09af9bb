import assert from "node:assert/strict";
import { SeededRandom } from "../../src/sim/seeded_random.ts";
import { packetNumberSize, recoverPacketNumber } from "../../src/packet/packet_number.ts";

Deno.test("packetNumberSize() agrees with RFC 9000, A.2", () => {
  assert.equal(packetNumberSize(0xac5c02, 0xabe8b3), 2);
  assert.equal(packetNumberSize(0xace8fe, 0xabe8b3), 3);
  assert.equal(packetNumberSize(0, -1), 1);
  assert.equal(packetNumberSize(127, -1), 1);
  assert.equal(packetNumberSize(128, -1), 2);
});

Deno.test("recoverPacketNumber() agrees with RFC 9000, A.3", () => {
  assert.equal(recoverPacketNumber(0xa82f30ea, 0x9b32, 2), 0xa82f9b32);
  assert.equal(recoverPacketNumber(-1, 0, 1), 0);
  assert.equal(recoverPacketNumber(-1, 255, 1), 255);
  assert.equal(
    recoverPacketNumber(Number.MAX_SAFE_INTEGER - 1, 0, 1) <= Number.MAX_SAFE_INTEGER,
    true,
  );
});

Deno.test("recoverPacketNumber() undoes what packetNumberSize() allows", () => {
  const random = new SeededRandom(3);
  for (let round = 0; round < 20_000; round++) {
    const acked = random.below(2 ** 32) * (round % 2 === 0 ? 1 : 2 ** 20) - 1;
    const number = acked + 1 + random.below(2 ** (1 + random.below(31)));
    const size = packetNumberSize(number, acked);
    // The receiver has seen something between what it acknowledged and this packet.
    const largest = acked + random.below(number - acked);
    assert.equal(recoverPacketNumber(largest, number % 2 ** (8 * size), size), number);
  }
});
