import assert from "node:assert/strict";
import { nativeTest } from "../io/native/tier.ts";
import { StreamError } from "../../src/error/quic_error.ts";
import { connectSocket } from "../../src/io/tcp_socket.ts";
import { type TcpStreams, tcpStreams } from "../../src/proxy/tcp_streams.ts";
import { within } from "../http3/raw_peer.ts";

/** Both ends of a TCP connection over loopback. */
async function pair(): Promise<[TcpStreams, TcpStreams, () => Promise<void>]> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { signal } = new AbortController();
  const accepting = listener.accept();
  const near = tcpStreams(await connectSocket("127.0.0.1", listener.addr.port, signal));
  const far = tcpStreams(await accepting);
  const close = async () => {
    near.reset();
    far.reset();
    await Promise.all([near.closed, far.closed]);
  };
  return [near, far, close];
}

const bytes = (text: string) => new TextEncoder().encode(text);

function isConnectError(error: unknown): boolean {
  return error instanceof StreamError && error.code === 0x10f;
}

Deno.test("tcpStreams() keeps the end of one direction apart from the other", async () => {
  const [near, far, close] = await pair();
  const writer = near.writable.getWriter();
  await writer.write(bytes("question"));
  await within(writer.close());
  assert.equal(await within(new Response(far.readable).text()), "question");
  const answer = far.writable.getWriter();
  await answer.write(bytes("answer"));
  await within(answer.close());
  assert.equal(await within(new Response(near.readable).text()), "answer");
  await within(Promise.all([near.closed, far.closed]));
  await close();
});

nativeTest("tcpStreams() tells a reset from an end, both ways", async () => {
  for (const how of ["abort", "reset", "cancel"] as const) {
    const [near, far, close] = await pair();
    const reading = near.readable.getReader();
    const writing = near.writable.getWriter();
    if (how === "abort") await far.writable.abort();
    else if (how === "cancel") await far.readable.cancel();
    else far.reset();
    await assert.rejects(within(reading.read()), isConnectError, how);
    await assert.rejects(within(writing.closed), isConnectError, how);
    await close();
  }
});

nativeTest("tcpStreams() resets the connection for a chunk that is not bytes", async () => {
  const [near, far, close] = await pair();
  const writer = near.writable.getWriter();
  writer.closed.catch(() => {});
  await writer.write(bytes("begin"));
  await assert.rejects(writer.write(new ArrayBuffer(3) as unknown as Uint8Array), TypeError);
  await assert.rejects(within(new Response(far.readable).text()), isConnectError);
  await close();
});

Deno.test("tcpStreams() loses nothing when the other direction has ended long before", async () => {
  const [near, far, close] = await pair();
  await near.writable.close();
  assert.equal(await within(new Response(far.readable).text()), "");
  const writer = far.writable.getWriter();
  const sending = (async () => {
    for (let i = 0; i < 300; i++) await writer.write(new Uint8Array(65_536));
    await writer.close();
  })();
  await new Promise((resolve) => setTimeout(resolve, 300));
  const { length } = await within(new Response(near.readable).bytes());
  assert.equal(length, 300 * 65_536);
  await within(sending);
  await close();
});

Deno.test("tcpStreams() reads and writes no more than is taken", async () => {
  const [near, far, close] = await pair();
  const writer = near.writable.getWriter();
  const chunk = new Uint8Array(65_536);
  let written = 0;
  const writing = (async () => {
    for (let i = 0; i < 1_000; i++) {
      await writer.write(chunk);
      written += chunk.length;
    }
    await writer.close();
  })();
  for (let before = -1; before !== written;) {
    before = written;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  assert.ok(written < 32_000_000, `${written} bytes wait in memory`);
  let read = 0;
  for await (const piece of far.readable) read += piece.length;
  assert.equal(read, 65_536_000);
  await within(writing);
  await close();
});

Deno.test("connectSocket() says what the system says, and gives up when it is told to", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const { signal } = new AbortController();
  await assert.rejects(connectSocket("127.0.0.1", port, signal), Deno.errors.ConnectionRefused);
  const reason = new Error("enough");
  await assert.rejects(connectSocket("127.0.0.1", port, AbortSignal.abort(reason)), reason);
});

Deno.test("connectSocket() leaves nothing open of a connection whose options cannot be set", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { connect } = Deno;
  const error = new Error("Invalid argument (os error 22)"); // what macOS says of one that was reset
  const refuse = () => {
    throw error;
  };
  const stub = async (options: Deno.ConnectOptions) =>
    Object.assign(await connect(options), { setNoDelay: refuse });
  Object.assign(Deno, { connect: stub });
  try {
    const { signal } = new AbortController();
    await assert.rejects(connectSocket("127.0.0.1", listener.addr.port, signal), error);
  } finally {
    Object.assign(Deno, { connect });
  }
  using far = await listener.accept();
  assert.equal(await within(far.read(new Uint8Array(1))), null);
});
