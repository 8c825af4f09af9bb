import assert from "node:assert/strict";
import { Header, parseHeader } from "../../src/packet/header.ts";
import { linkOf, Pair, type PairOptions } from "./pair.ts";

/** How the bits of the first bytes of short headers were, for each sender and path. */
class Bits {
  readonly fixed = [0, 0];
  readonly longFixed = [0, 0];
  /** Times at which the spin bit of the server's packets changed, by client port. */
  readonly edges = new Map<number, number[]>();
  readonly #last = new Map<number, number>();

  constructor(pair: Pair) {
    const header = new Header();
    pair.world.network.capture = (time, event, from, to, data) => {
      if (event !== "send" || !parseHeader(data, 0, 8, header)) return;
      if (header.isLong) this.longFixed[(data[0]! >>> 6) & 1]!++;
      else {
        this.fixed[(data[0]! >>> 6) & 1]!++;
        if (from.port === 443) this.#onSpin(to.port, (data[0]! >>> 5) & 1, time);
      }
    };
  }

  #onSpin(port: number, bit: number, time: number): void {
    if (this.#last.get(port) === bit) return;
    this.#last.set(port, bit);
    if (!this.edges.has(port)) this.edges.set(port, []);
    this.edges.get(port)!.push(time);
  }
}

function transfer(options: PairOptions): { pair: Pair; bits: Bits } {
  const pair = new Pair(options);
  const bits = new Bits(pair);
  pair.start();
  const download = pair.client.app.download(3_000_000);
  pair.run({ until: 60_000, when: () => download.isDone });
  assert.ok(download.isDone);
  return { pair, bits };
}

// RFC 9287: both ends say that they do not mind.
Deno.test("GreaseBit varies the fixed bit of 1-RTT packets, and of no others", () => {
  const { bits } = transfer({ paths: 2 });
  const [zero, one] = bits.fixed;
  assert.ok(zero! / (zero! + one!) > 0.4 && one! / (zero! + one!) > 0.4, `${zero} ${one}`);
  assert.equal(bits.longFixed[0], 0);
});

// RFC 9000, Section 17.4.
Deno.test("Spin tells nothing by default", () => {
  const { bits } = transfer({ paths: 2 });
  for (const edges of bits.edges.values()) assert.equal(edges.length, 1);
});

Deno.test("Spin turns over once a round trip on each path, if both ends want it", () => {
  for (let seed = 1;; seed++) {
    const { pair, bits } = transfer({
      seed,
      links: [linkOf(20, 40), linkOf(20, 120)],
      config: { spinBit: true },
    });
    const counts = [...bits.edges.values()].map((edges) => edges.length);
    // One network path in 16 does without; another seed, then.
    if (counts.some((count) => count < 3) && seed < 5) continue;
    for (const [port, rtt] of [[50_000, 40], [50_001, 120]] as const) {
      const edges = bits.edges.get(port)!;
      const period = (edges.at(-1)! - edges[1]!) / (edges.length - 2);
      assert.ok(period >= rtt && period < 2.6 * rtt, `${period} ms on a path of ${rtt} ms`);
    }
    assert.ok(pair.client.connection.closing.open);
    return;
  }
});

Deno.test("Spin is left out on one network path in sixteen", () => {
  let without = 0;
  for (let seed = 1; seed <= 120; seed++) {
    const pair = new Pair({ seed, config: { spinBit: true } }).connect();
    const spin = pair.client.connection.paths.find(0)!.current.spin;
    spin.onReceived(0, true);
    const first = spin.value;
    spin.onReceived(1, true);
    if (spin.value === first) without++;
  }
  assert.ok(without > 0 && without < 25, `${without} of 120`);
});
