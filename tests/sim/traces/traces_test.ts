import assert from "node:assert/strict";
import { TraceHash } from "../../../src/sim/trace_hash.ts";
import { differences, recorded, run } from "./recording.ts";
import { families } from "./scenarios.ts";

const before = recorded();

for (const [family, { scenarios, seeds }] of Object.entries(families)) {
  Deno.test(`Traces of the family "${family}" are as they were recorded`, () => {
    const now = run(family);
    assert.equal(now.size, seeds * Object.keys(scenarios).length);
    const changed = differences(before, now);
    const advice = `${changed.length} of ${now.size} traces changed; if the change of behaviour ` +
      "is meant, record them anew with `deno task traces` and say so in the commit:";
    assert.ok(changed.length === 0, [advice, ...changed.slice(0, 8)].join("\n"));
  });
}

Deno.test("The recorded traces are those of all families, of a hundred seeds and more", () => {
  const names = Object.values(families).flatMap(({ scenarios, seeds }) =>
    Object.keys(scenarios).flatMap((name) =>
      Array.from({ length: seeds }, (_, i) => `${name} ${i + 1}`)
    )
  );
  assert.deepEqual([...before.keys()], names);
  assert.ok(new Set(before.values()).size >= 100, "a hundred that differ");
});

Deno.test("A digest depends on each datagram's time, addresses, length and bytes", () => {
  const from = { transport: "udp", hostname: "10.0.0.1", port: 1 } as const;
  const to = { transport: "udp", hostname: "10.0.0.2", port: 2 } as const;
  const bytes = new Uint8Array(100);
  const other = bytes.slice();
  other[99] = 1;
  const digestOf = (add: (hash: TraceHash) => void) => {
    const hash = new TraceHash();
    hash.add(1, from, to, bytes);
    add(hash);
    return hash.digest;
  };
  const digests = [
    digestOf(() => {}),
    digestOf((hash) => hash.add(2, from, to, bytes)),
    digestOf((hash) => hash.add(2.001, from, to, bytes)),
    digestOf((hash) => hash.add(2, to, from, bytes)),
    digestOf((hash) => hash.add(2, from, to, bytes.subarray(1))),
    digestOf((hash) => hash.add(2, from, to, other)),
    digestOf((hash) => hash.addText("a record")),
    digestOf((hash) => hash.addText("a record.")),
  ];
  assert.equal(new Set(digests).size, digests.length);
});
