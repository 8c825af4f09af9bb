import assert from "node:assert/strict";
import { CipherSuite, suiteParameters } from "../../src/crypto/cipher_suite.ts";
import { chooseEngine, type EngineName } from "../../src/crypto/engine.ts";
import { keyLabels } from "../../src/crypto/key_labels.ts";
import { PacketKeys } from "../../src/crypto/packet_keys.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";
import { Version } from "../../src/packet/version.ts";

/*
 * A stranger chooses how long a datagram is: no engine may throw, whatever the length. The engine
 * and suite of most connections are tried with every length that UDP has; the others, which are
 * three to ten times slower, with the lengths around every boundary and with each 509th, or with all
 * of them where `EVERY_LENGTH` is set, which takes a few minutes.
 */

const LONGEST = 65_535;
const HEADER = 13;
const TAG = 16;

const isPatient = Deno.env.has("EVERY_LENGTH");

function isTried(length: number, isDefault: boolean): boolean {
  if (isDefault || isPatient || length % 509 === 0) return true;
  // Powers of two, the lengths that IPv4 and IPv6 carry, what a page or a vector less holds.
  const edges = [0, 1_200, 1_452, 1_500, 4_096, 8_192, 16_384, 32_768, 65_280, 65_507, 65_527];
  return length > LONGEST - 40 || edges.some((edge) => Math.abs(length - edge) < 34);
}

for (const name of ["wasm", "node", "noble"] satisfies EngineName[]) {
  for (const suite of Object.values(CipherSuite)) {
    // The AES of "wasm" is that of "node".
    if (name === "wasm" && suite !== CipherSuite.ChaCha20Poly1305Sha256) continue;
    const isDefault = name === "wasm";
    const title = `${name}, ${suiteParameters(suite).name}`;
    const which = isDefault || isPatient ? "every length" : "lengths around each boundary";
    Deno.test(`PacketKeys drop noise of ${which}, and open their own: ${title}`, () => {
      const random = new SeededRandom(suite);
      const labels = keyLabels(Version.V1);
      const keys = new PacketKeys(chooseEngine(name), suite, random.bytes(48), labels);
      const noise = random.bytes(LONGEST);
      const out = new Uint8Array(LONGEST);
      const sealed = new Uint8Array(LONGEST);
      for (let length = HEADER; length <= LONGEST; length++) {
        if (!isTried(length, isDefault)) continue;
        const opened = keys.open(noise, 0, HEADER, length, 0, length, out);
        if (opened !== -1) assert.fail(`noise of ${length} bytes was opened`);
        if (length < HEADER + TAG || !isTried(length, false)) continue;
        sealed.set(noise);
        const end = keys.seal(sealed, 0, HEADER, length - TAG, 3, length);
        assert.equal(end, length);
        assert.equal(keys.open(sealed, 0, HEADER, end, 3, length, out), length - TAG - HEADER);
        const isSame = out.subarray(0, 50).join() === noise.subarray(HEADER, HEADER + 50).join();
        assert.ok(length < HEADER + TAG + 50 || isSame, `${length} bytes came back`);
      }
    });

    Deno.test(`PacketKeys take headers of every length: ${title}`, () => {
      const random = new SeededRandom(suite);
      const labels = keyLabels(Version.V1);
      const keys = new PacketKeys(chooseEngine(name), suite, random.bytes(48), labels);
      const bytes = random.bytes(LONGEST);
      const out = new Uint8Array(LONGEST);
      // The token of an Initial is part of what is authenticated, and may fill the datagram.
      for (let header = 0; header <= LONGEST - TAG; header += 509) {
        for (const start of [header, LONGEST - TAG - header]) {
          assert.equal(keys.open(bytes, 0, start, LONGEST, 0, 1, out), -1);
        }
      }
      const end = keys.seal(bytes, 0, LONGEST - TAG, LONGEST - TAG, 0, 1);
      assert.equal(keys.open(bytes, 0, LONGEST - TAG, end, 0, 1, out), 0);
    });
  }
}
