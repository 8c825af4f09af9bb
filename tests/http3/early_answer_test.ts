import assert from "node:assert/strict";
import type { StreamError } from "../../src/error/quic_error.ts";
import { frame } from "../../src/http3/wire/frame.ts";
import { serveConnection } from "../../src/http3/server/server.ts";
import type { RequestHandler } from "../../src/http3/handler.ts";
import { DRAIN_SILENCE, MAX_DRAINED_CONTENT } from "../../src/limits/limits.ts";
import { MemoryTransport } from "./memory_transport.ts";
import { dataFrame, getLines, headersFrame, type Outcome, outcome, RawPeer } from "./raw_peer.ts";
import { within } from "./raw_peer.ts";

/** What a browser sees that sends a request with content and reads the answer afterwards. */
interface Upload {
  readonly answer: Outcome;
  /** Bytes of content that the server took. */
  readonly taken: number;
  /** The code with which the server refused the rest. */
  readonly refused: number | undefined;
  /** Whether the connection has ended. */
  readonly isOver: boolean;
}

/** Sends pieces of content one by one, however early the answer comes. */
async function upload(
  handler: RequestHandler,
  size: number,
  { isEnded = true, fields = [] as [string, string][] } = {},
): Promise<Upload> {
  const [transport, server] = MemoryTransport.pair();
  serveConnection(server, handler);
  const peer = new RawPeer(transport);
  await peer.settings();
  const stream = await transport.createBidirectionalStream();
  const answer = outcome(stream);
  const writer = stream.writable.getWriter();
  let refused: number | undefined;
  writer.closed.catch((error: StreamError) => refused = error.code);
  const post = getLines.map(([name, value]) =>
    [name, name === ":method" ? "POST" : value] as const
  );
  await writer.write(headersFrame([...post, ...fields]));
  const piece = dataFrame(new Uint8Array(60_000));
  let taken = 0;
  try {
    for (; taken < size; taken += 60_000) await writer.write(piece);
    if (isEnded) await writer.close();
    else await within(writer.closed, DRAIN_SILENCE + 5_000);
  } catch {
    // The server refused the rest; `refused` has the code.
  }
  const got = await within(answer);
  await new Promise((resolve) => setTimeout(resolve, 700));
  return { answer: got, taken, refused, isOver: transport.closeInfo !== undefined };
}

const answers: Readonly<Record<string, RequestHandler>> = {
  "leaves the content alone": () => new Response("no", { status: 413 }),
  "cancels it": async (request) => {
    await request.body!.cancel();
    return new Response("no", { status: 413 });
  },
  "reads a piece of it": async (request) => {
    await request.body!.getReader().read();
    return new Response("no", { status: 413 });
  },
  "is still reading": (request) => {
    request.bytes().catch(() => {});
    return new Response("no", { status: 413 });
  },
};

for (const [how, handler] of Object.entries(answers)) {
  Deno.test(`H3Server takes an upload it has answered early: the handler ${how}`, async () => {
    const { answer, taken, refused, isOver } = await upload(handler, 3_000_000);
    assert.equal(answer.kind === "response" && answer.status, "413");
    assert.equal(taken, 3_000_000);
    assert.equal(refused, undefined, "a browser that is told to stop never shows the answer");
    assert.equal(isOver, false);
  });
}

Deno.test("H3Server ends a connection that goes on uploading what was refused", async () => {
  const { answer, taken, refused, isOver } = await upload(answers["cancels it"]!, 1e9);
  assert.equal(answer.kind === "response" && answer.status, "413");
  assert.ok(taken >= MAX_DRAINED_CONTENT && taken < MAX_DRAINED_CONTENT + 1_000_000, `${taken}`);
  assert.equal(refused, 0x100);
  assert.equal(isOver, true, "otherwise a browser waits without end");
});

Deno.test("H3Server refuses the rest of an upload that has stopped, and keeps the connection", async () => {
  const { refused, isOver } = await upload(answers["is still reading"]!, 60_000, {
    isEnded: false,
  });
  assert.equal(refused, 0x100);
  assert.equal(isOver, false);
});

Deno.test("H3Server does not wait for content that the client was not asked to send", async () => {
  const started = performance.now();
  const fields: [string, string][] = [["expect", "100-continue"]];
  const { refused } = await upload(answers["leaves the content alone"]!, 0, {
    isEnded: false,
    fields,
  });
  assert.equal(refused, 0x100);
  assert.ok(performance.now() - started < DRAIN_SILENCE);
});

Deno.test("H3Server ends a connection whose unwanted content breaks the framing", async () => {
  const [transport, server] = MemoryTransport.pair();
  serveConnection(server, () => new Response("no", { status: 413 }));
  const peer = new RawPeer(transport);
  await peer.settings();
  const post = getLines.map(([name, value]) =>
    [name, name === ":method" ? "POST" : value] as const
  );
  await peer.request(headersFrame(post), dataFrame("x"), frame(0x04, new Uint8Array(0)));
  assert.equal(await peer.closeCode(), 0x105);
});
