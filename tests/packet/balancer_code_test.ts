import assert from "node:assert/strict";
import { BalancerCode } from "../../src/packet/balancer_code.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";

const KEY = "8f95f09245765f80256934e50c66207f";

/**
 * Configuration, key, server ID, nonce and ID of QUIC-LB, "Load Balancer Test Vectors" and "Encryption
 * Example". Left out is the one whose nonce has nine digits; the first byte of the one
 * for configuration 3 is printed as that of configuration 0.
 */
const vectors: readonly (readonly [number, string, string, string, string])[] = [
  [0, "", "c4605e", "4504cc4f", "07c4605e4504cc4f"],
  [0, KEY, "ed793a", "ee080dbf", "0720b1d07b359d3c"],
  [1, KEY, "ed793a51d49b8f5fab65", "ee080dbf48", "2fcc381bc74cb4fbad2823a3d1f8fed2"],
  [2, KEY, "ed793a51d49b8f5f", "ee080dbf48c0d1e5", "504dd2d05a7b0de9b2b9907afb5ecf8cc3"],
  [3, KEY, "ed793a51d49b8f5fab", "ee080dbf48c0d1e55d", "725779c9cc86beb3a3a4a3ca96fce4bfe0cdbc"],
  [0, "fdf726a9893ec05c0632d3956680baf0", "31441a", "9c69c275", "0767947d29be054a"],
];

function codeOf(id: number, key: string, serverId: string, nonceLength: number): BalancerCode {
  return new BalancerCode({
    id,
    serverId: Uint8Array.fromHex(serverId),
    nonceLength,
    key: key === "" ? undefined : Uint8Array.fromHex(key),
  });
}

for (const [id, key, serverId, nonce, expected] of vectors) {
  Deno.test(`BalancerCode writes and reads the ID ${expected} of the draft`, () => {
    const code = codeOf(id, key, serverId, nonce.length / 2);
    const bytes = code.write(Uint8Array.fromHex(nonce));
    // The vectors say the length in the bits that are ours.
    bytes[0]! |= bytes.length - 1;
    assert.equal(bytes.toHex(), expected);
    const datagram = Uint8Array.of(0x40, ...bytes);
    assert.equal(code.read(datagram, 1)?.toHex(), nonce);
    assert.equal(code.read(datagram.subarray(0, -1), 1), undefined, "cut short");
    assert.equal(codeOf(id ^ 1, key, serverId, nonce.length / 2).read(datagram, 1), undefined);
    assert.equal(
      codeOf(id, key, `00${serverId.slice(2)}`, nonce.length / 2).read(datagram, 1),
      undefined,
    );
  });
}

Deno.test("BalancerCode.read() gives back any nonce, at all lengths", () => {
  const random = new SeededRandom(1);
  for (let server = 1; server <= 15; server++) {
    for (let nonce = 4; server + nonce <= 19; nonce++) {
      for (const key of [undefined, random.bytes(16)]) {
        const code = new BalancerCode({
          id: 6,
          serverId: random.bytes(server),
          nonceLength: nonce,
          key,
        });
        const chosen = random.bytes(nonce);
        const id = code.write(chosen);
        assert.equal(id.length, code.length);
        assert.deepEqual(code.read(id, 0), chosen, `${server} and ${nonce} bytes`);
      }
    }
  }
});
