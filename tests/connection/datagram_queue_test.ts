import assert from "node:assert/strict";
import { DatagramQueue } from "../../src/connection/datagram_queue.ts";
import { Attacker, frame } from "./attacker.ts";
import { Pair } from "../sim/pair.ts";

Deno.test("DatagramQueue keeps so many bytes of what is not read, the newest", () => {
  const queue = new DatagramQueue({ push() {} });
  for (let i = 0; i < 200; i++) queue.onDatagram(new Uint8Array(60_000).fill(i));
  const kept: number[] = [];
  let bytes = 0;
  for (let data; (data = queue.receive());) {
    kept.push(data[0]!);
    bytes += data.buffer.byteLength;
  }
  assert.ok(bytes <= 98_304, `${bytes} bytes`);
  assert.deepEqual(kept, [199]);
  assert.equal(queue.dropped, 199);
  for (let i = 0; i < 300; i++) queue.onDatagram(Uint8Array.of(i & 0xff));
  assert.equal(queue.receive()![0], 300 - 256, "and so many");
});

Deno.test("DatagramQueue gives the memory of what it drops back at once", () => {
  const queue = new DatagramQueue({ push() {} });
  const data = new Uint8Array(60_000);
  const before = Deno.memoryUsage().external;
  let most = 0;
  for (let i = 0; i < 1_000; i++) {
    queue.onDatagram(data);
    most = Math.max(most, Deno.memoryUsage().external - before);
  }
  assert.equal(queue.dropped, 999);
  assert.ok(most < 1e6, `${most} bytes`);
});

for (const side of ["client", "server"] as const) {
  Deno.test(`A ${side}'s DATAGRAM frames that are not read are held for it, within bounds`, () => {
    const attacker = new Attacker(new Pair().connect(), side).wait(500);
    const { account, datagrams } = attacker.victim.connection;
    const before = account.held("bytes");
    for (let i = 0; i < 300; i++) attacker.send(frame(0x31, 1_200, new Uint8Array(1_200)));
    const held = account.held("bytes") - before;
    assert.ok(held > 50_000 && held <= 98_304, `${held} bytes`);
    while (datagrams.receive());
    assert.equal(account.held("bytes"), before);
    attacker.expectAlive();
  });
}
