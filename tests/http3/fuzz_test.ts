import assert from "node:assert/strict";
import { concatBytes } from "../../src/bytes/bytes.ts";
import { QuicError, StreamError } from "../../src/error/quic_error.ts";
import { CapsuleReader, encodeCapsule } from "../../src/http3/wire/capsule.ts";
import { H3Client } from "../../src/http3/client/client.ts";
import { frame, varints } from "../../src/http3/wire/frame.ts";
import { serveConnection } from "../../src/http3/server/server.ts";
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

const known = new Set<number>([0x33, 0x100, 0x200, 0x201, 0x202]);
for (let code = 0x101; code <= 0x110; code++) known.add(code);

/** Fails unless the connection is open, or was closed for a reason that the standards name. */
function checkClose({ closeInfo }: MemoryTransport, seed: number): void {
  if (closeInfo) assert.ok(known.has(closeInfo.closeCode), `seed ${seed}: ${closeInfo.reason}`);
  assert.notEqual(closeInfo?.closeCode, 0x102, `seed ${seed}: ${closeInfo?.reason}`);
}

Deno.test("H3Server answers damaged bytes with a response, a reset or a close", async () => {
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
    checkClose(client, seed);
  }
});

const tunnel = concatBytes(
  headersFrame([[":method", "CONNECT"], [":protocol", "connect-udp"], ...getLines.slice(1)]),
  dataFrame(encodeCapsule(0, new Uint8Array(20))),
);

Deno.test("H3Server answers damaged tunnels and datagrams the same way", async () => {
  for (let seed = 1; seed <= 500; seed++) {
    const below = seeded(seed);
    const [client, server] = MemoryTransport.pair();
    serveConnection(server, () => new Response(), {
      headerTimeout: 50,
      datagrams: true,
      onConnect: async ({ body }, { datagrams }) => {
        datagrams!.read();
        const reader = new CapsuleReader(body);
        while (await reader.next());
        return new Response("over");
      },
    });
    const peer = new RawPeer(client);
    await peer.open(0x00, frame(0x04, damaged(varints(0x33, 1), below)));
    for (let i = below(5); i > 0 && !client.closeInfo; i--) {
      await client.sendDatagram(Uint8Array.from({ length: below(12) }, () => below(256)));
      await Promise.resolve();
    }
    const outcome = peer.request(damaged(tunnel, below)).catch(() => undefined);
    const result = await within(outcome);
    if (result?.kind === "reset") assert.ok(known.has(result.code), `seed ${seed}: ${result.code}`);
    checkClose(client, seed);
  }
});

const response = concatBytes(
  headersFrame([[":status", "103"], ["link", "a"]]),
  headersFrame([[":status", "200"], ["content-length", "5"], ["a", "b"]]),
  dataFrame("hello"),
  headersFrame([["c", "d"]]),
);

Deno.test("H3Client takes damaged responses as responses, failures or reasons to close", async () => {
  for (let seed = 1; seed <= 1000; seed++) {
    const below = seeded(seed);
    const [transport, server] = MemoryTransport.pair();
    const client = new H3Client(transport);
    const peer = new RawPeer(server);
    server.onIncoming = async ({ writable }) => {
      const writer = writable.getWriter();
      writer.closed.catch(() => {});
      await writer.write(damaged(response, below)).catch(() => {});
      await writer.close().catch(() => {});
    };
    if (below(3) === 0) await peer.open([0x00, 0x02, 0x03][below(3)]!, damaged(control, below));
    // Fields may wait for a QPACK encoder stream that says nothing, as long as the user likes.
    const abort = new AbortController();
    const patience = setTimeout(() => abort.abort(new StreamError(0x10c, "enough")), 100);
    try {
      const { signal } = abort;
      const got = await within(client.fetch(new Request("https://localhost/", { signal })));
      await within(got.text());
    } catch (error) {
      assert.ok(error instanceof QuicError, `seed ${seed}: ${error}`);
      assert.ok(known.has(error.code), `seed ${seed}: ${error}`);
    }
    clearTimeout(patience);
    checkClose(transport, seed);
  }
});
