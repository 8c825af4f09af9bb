import assert from "node:assert/strict";
import { concatBytes } from "../../src/bytes/bytes.ts";
import { frame, varints } from "../../src/http3/frame.ts";
import { serveConnection } from "../../src/http3/server.ts";
import { MemoryTransport } from "./memory_transport.ts";
import { dataFrame, getLines, headersFrame, RawPeer, within } from "./raw_peer.ts";

/** A small generator, so that a failure can be repeated from its seed. */
function seeded(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor(state / 2 ** 32 * limit);
  };
}

const post = headersFrame([[":method", "POST"], ...getLines.slice(1), ["content-length", "5"]]);
const request = concatBytes(
  post,
  dataFrame("hello"),
  headersFrame([["a", "b"]]),
  frame(0x21, post),
);
const control = concatBytes(frame(0x04, varints(1, 4096, 7, 16)), frame(0x07, varints(0)));

function damaged(bytes: Uint8Array, below: (limit: number) => number): Uint8Array<ArrayBuffer> {
  const result = bytes.slice(0, below(5) === 0 ? below(bytes.length) : bytes.length);
  for (let i = below(3); i >= 0 && result.length > 0; i--) {
    result[below(result.length)] = below(256);
  }
  return Uint8Array.from(result);
}

Deno.test("H3Server answers damaged bytes with a response, a reset or a close", async () => {
  const known = new Set<number>([0x100, 0x200, 0x201, 0x202]);
  for (let code = 0x101; code <= 0x110; code++) known.add(code);
  for (let seed = 1; seed <= 1000; seed++) {
    const below = seeded(seed);
    const [client, server] = MemoryTransport.pair();
    serveConnection(server, async (request) => new Response(await request.text()), {
      headerTimeout: 50,
    });
    const peer = new RawPeer(client);
    const kind = below(4);
    if (kind < 3) await peer.open([0x00, 0x02, 0x03][kind]!, damaged(control, below));
    const outcome = peer.request(kind < 3 ? request : damaged(request, below)).catch(() =>
      undefined
    );
    const result = await within(outcome);
    if (result?.kind === "reset") assert.ok(known.has(result.code), `seed ${seed}: ${result.code}`);
    const { closeInfo } = client;
    if (closeInfo) assert.ok(known.has(closeInfo.closeCode), `seed ${seed}: ${closeInfo.reason}`);
    assert.notEqual(closeInfo?.closeCode, 0x102, `seed ${seed}: ${closeInfo?.reason}`);
  }
});
