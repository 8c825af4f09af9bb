import assert from "node:assert/strict";
import { Patience } from "../../src/http3/message/patience.ts";
import { H3Client } from "../../src/http3/client/client.ts";
import type { H3ServerOptions } from "../../src/http3/options.ts";
import { fetch } from "../../src/http2/fetch.ts";
import { serve } from "../../src/http3/server/serve.ts";
import { serveConnection } from "../../src/http3/server/server.ts";
import type { RequestHandler } from "../../src/http3/handler.ts";
import { cert, key } from "./deno_quic.ts";
import { MemoryTransport } from "./memory_transport.ts";
import { dataFrame, getLines, headersFrame, outcome, RawPeer, within } from "./raw_peer.ts";

function moment(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

const getHead = headersFrame(getLines);
const post = headersFrame([[":method", "POST"], ...getLines.slice(1)]);

async function stalling(handler: RequestHandler, options: H3ServerOptions): Promise<RawPeer> {
  const [client, server] = MemoryTransport.pair();
  serveConnection(server, handler, options);
  const peer = new RawPeer(client);
  await peer.settings();
  return peer;
}

Deno.test("H3Server gives up on a request whose body does not come [attack slow-content]", async () => {
  let failure: unknown;
  const peer = await stalling(async (request) => {
    try {
      await request.bytes();
    } catch (error) {
      failure = error;
    }
    return new Response();
  }, { bodyTimeout: 200 });
  const stream = await peer.transport.createBidirectionalStream();
  const writer = stream.writable.getWriter();
  writer.closed.catch(() => {});
  await writer.write(post);
  const start = performance.now();
  for (let i = 0; i < 8; i++) { // slow, but not too slow
    await writer.write(dataFrame("x"));
    await moment(15);
    assert.equal(failure, undefined);
  }
  assert.deepEqual(await within(outcome(stream)), { kind: "reset", code: 0x10d });
  assert.ok(performance.now() - start < 1_500);
  await moment(1);
  assert.equal((failure as { code: number }).code, 0x10d);
  assert.equal(peer.transport.closeInfo, undefined, "the connection goes on");
});

Deno.test("H3Server gives up on a client that takes none of the response [attack slow-content]", async () => {
  const cancelled = Promise.withResolvers<unknown>();
  const peer = await stalling(() => {
    return new Response(
      new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(30_000)),
        cancel: cancelled.resolve,
      }),
    );
  }, { bodyTimeout: 200 });
  const { readable, writable } = await peer.transport.createBidirectionalStream();
  const writer = writable.getWriter();
  await writer.write(headersFrame(getLines));
  await writer.close();
  const reader = readable.getReader();
  for (let i = 0; i < 30; i++) { // slow, but not too slow
    await reader.read();
    await moment(5);
  }
  assert.equal((await within(cancelled.promise) as { code: number }).code, 0x10c);
  await assert.rejects(async () => {
    while (!(await reader.read()).done);
  }, { code: 0x10c });
});

Deno.test("serve() gives up on a client over multipath QUIC that does not read", async () => {
  const cancelled = Promise.withResolvers<unknown>();
  const localAddresses = ["127.0.0.1"];
  await using server = serve({ port: 0, cert, key, localAddresses, bodyTimeout: 200 }, () => {
    return new Response(
      new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
        cancel: cancelled.resolve,
      }),
    );
  });
  const init = { caCerts: [cert], localAddresses, idleTimeout: 20 };
  const response = await within(fetch(`https://localhost:${server.addr.port}/`, init));
  assert.equal((await within(cancelled.promise, 10_000) as { code: number }).code, 0x10c);
  await assert.rejects(within(response.bytes(), 10_000), { code: 0x10c });
});

Deno.test("H3Server lets thousands of stalled requests cost little and end in time", async () => {
  let handled = 0;
  const peer = await stalling(() => {
    handled++;
    return new Response();
  }, { headerTimeout: 100, maxConcurrentHandlers: 128, maxFailuresPerSecond: Infinity });
  const stalled: Promise<unknown>[] = [];
  for (let i = 0; i < 3_000; i++) {
    const stream = await peer.transport.createBidirectionalStream();
    const writer = stream.writable.getWriter();
    writer.closed.catch(() => {});
    writer.write(getHead.subarray(0, i % getHead.length)).catch(() => {});
    stalled.push(outcome(stream).catch(() => {}));
  }
  // 128 at a time, a tenth of a second each.
  const results = await within(Promise.all(stalled), 10_000) as { code: number }[];
  assert.equal(handled, 0);
  assert.ok(results.every(({ code }) => code === 0x10d));
  const after = await within(peer.request(getHead));
  assert.equal(after.kind, "response");
});

Deno.test("H3Server waits for its own handler as long as that takes", async () => {
  const [client, server] = MemoryTransport.pair();
  serveConnection(server, async (request) => {
    await moment(100);
    const { length } = await request.bytes();
    const slow = new ReadableStream<Uint8Array<ArrayBuffer>>({
      async pull(controller) {
        await moment(100);
        controller.enqueue(new Uint8Array(length));
        controller.close();
      },
    });
    return new Response(slow);
  }, { bodyTimeout: 30, minBodyRate: 1e9 });
  const init = { method: "POST", body: new Uint8Array(500_000) };
  const response = await within(
    new H3Client(client).fetch(new Request("https://localhost/", init)),
  );
  assert.equal((await within(response.bytes())).length, 500_000);
});

Deno.test("Patience waits for ever when told so", () => {
  const clock = new FakeClock();
  try {
    let expired = 0;
    const patience = new Patience({ timeout: Infinity, rate: 0 }, () => expired++);
    patience.begin();
    clock.pass(2 ** 40);
    assert.equal(clock.timers, 0);
    patience.end(0);
    assert.equal(expired, 0);
  } finally {
    clock.restore();
  }
});

Deno.test("Patience leaves no timer behind once it was stopped", () => {
  const clock = new FakeClock();
  try {
    const patience = new Patience({ timeout: 1_000, rate: 0 }, () => assert.fail());
    patience.begin();
    assert.equal(clock.timers, 1);
    patience.stop();
    assert.equal(clock.timers, 0);
    patience.begin(); // a body is read after its request is over
    assert.equal(clock.timers, 0);
  } finally {
    clock.restore();
  }
});

Deno.test("Patience counts each wait by itself, and only waits", async () => {
  let expired = 0;
  const patience = new Patience({ timeout: 60, rate: 0 }, () => expired++);
  for (let i = 0; i < 4; i++) {
    patience.begin();
    await moment(25);
    patience.end(1);
    await moment(15);
  }
  assert.equal(expired, 0);
  patience.begin();
  await moment(150);
  assert.equal(expired, 1);
  patience.end(1);
  patience.stop();
});

Deno.test("Patience asks for a least rate after ten seconds of waiting", () => {
  const clock = new FakeClock();
  try {
    for (const [bytesPerSecond, expiry] of [[900, 90], [1_100, Infinity]] as const) {
      let expired = Infinity;
      const start = clock.now;
      const options = { timeout: 30_000, rate: 1_000 };
      const patience = new Patience(options, () => expired = (clock.now - start) / 1000);
      for (let second = 0; second < 300 && expired === Infinity; second++) {
        patience.begin();
        clock.pass(1_000);
        patience.end(bytesPerSecond);
        clock.pass(5_000); // our own time does not count
      }
      patience.stop();
      // 900 of 1000 bytes: each second costs a tenth of the ten seconds there are; when there is
      // less left than a second, the next wait of a second is too long.
      if (expiry === Infinity) assert.equal(expired, Infinity);
      else assert.ok(expired / 6 > expiry - 5 && expired / 6 < expiry + 5, `${expired / 6}`);
    }
  } finally {
    clock.restore();
  }
});

/** Timers and time under control. */
class FakeClock {
  now = 1_000;
  readonly #timers = new Map<number, { at: number; action: () => void }>();
  readonly #real = { setTimeout, clearTimeout, now: performance.now };
  #next = 1;

  constructor() {
    Object.assign(globalThis, {
      setTimeout: (action: () => void, delay: number) => {
        this.#timers.set(this.#next, { at: this.now + delay, action });
        return this.#next++;
      },
      clearTimeout: (id: number) => this.#timers.delete(id),
    });
    performance.now = () => this.now;
  }

  /** How many timers are running. */
  get timers(): number {
    return this.#timers.size;
  }

  pass(milliseconds: number): void {
    const end = this.now + milliseconds;
    for (;;) {
      const due = [...this.#timers].filter(([, { at }]) => at <= end)
        .sort(([, a], [, b]) => a.at - b.at)[0];
      if (!due) break;
      this.#timers.delete(due[0]);
      this.now = Math.max(this.now, due[1].at);
      due[1].action();
    }
    this.now = end;
  }

  restore(): void {
    const { setTimeout, clearTimeout, now } = this.#real;
    Object.assign(globalThis, { setTimeout, clearTimeout });
    performance.now = now;
  }
}
