import assert from "node:assert/strict";
import { serverNameIn } from "../../cli/server/client_hello.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";

// What a client of TLS asks for, read before TLS is.

/** The first bytes that the runtime's own client sends. */
async function helloOf(hostname: string): Promise<Uint8Array> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connecting = Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port })
    .then((conn) => Deno.startTls(conn, { hostname }))
    .catch(() => {});
  using conn = await listener.accept();
  const buffer = new Uint8Array(16_384);
  let end = 0;
  while (end < 5 || end < 5 + 256 * buffer[3]! + buffer[4]!) {
    end += await conn.read(buffer.subarray(end)) ?? assert.fail("it ended early");
  }
  listener.close();
  conn.close();
  await connecting;
  return buffer.slice(0, end);
}

/** The same message in records of so many bytes. */
function cut(hello: Uint8Array, length: number): Uint8Array {
  const records: number[] = [];
  for (let at = 5; at < hello.length; at += length) {
    const part = hello.subarray(at, at + length);
    records.push(22, 3, 1, part.length >> 8, part.length & 255, ...part);
  }
  return Uint8Array.from(records);
}

Deno.test("serverNameIn() finds the name, however the hello is cut", async () => {
  const hello = await helloOf("Some.Host.example");
  for (const one of [hello, cut(hello, 1), cut(hello, 50)]) {
    assert.equal(serverNameIn(one), "some.host.example");
    for (let end = 0; end < one.length; end++) {
      assert.equal(serverNameIn(one.subarray(0, end)), undefined, `${end} bytes`);
    }
  }
  assert.equal(serverNameIn(await helloOf("127.0.0.1")), "", "an address is no name");
});

Deno.test("serverNameIn() takes what is no hello for one without a name", async () => {
  const utf8 = new TextEncoder();
  assert.equal(serverNameIn(utf8.encode("GET / HTTP/1.1\r\n")), "");
  assert.equal(serverNameIn(Uint8Array.of(22, 3, 3, 0, 4, 2, 0, 0, 0)), "", "a ServerHello");
  const empty = Uint8Array.of(22, 3, 1, 0, 4, 1, 0, 0, 0);
  assert.equal(serverNameIn(empty), "", "it ends early");
  const random = new SeededRandom(7);
  const hello = await helloOf("some.host.example");
  for (let i = 0; i < 2_000; i++) {
    const changed = hello.slice();
    for (let k = 0; k < 3; k++) changed[5 + random.below(changed.length - 5)] = random.below(256);
    assert.equal(typeof (serverNameIn(changed) ?? ""), "string");
  }
});
