import assert from "node:assert/strict";
import { StreamError } from "../../src/error/quic_error.ts";
import { fetch } from "../../src/http2/fetch.ts";
import type { FetchInit } from "../../src/http3/options.ts";
import { serve } from "../../src/http3/server/serve.ts";
import type { RequestHandler } from "../../src/http3/handler.ts";
import type { MultipathConnection } from "../../src/api/multipath_connection.ts";
import { cert, key } from "./deno_quic.ts";
import { within } from "./raw_peer.ts";

// Cancellation over the real thing, with the codes that RFC 9114, Section 4.1.1 wants to see.

const localAddresses = ["127.0.0.1"];
const init: FetchInit = { caCerts: [cert], localAddresses, idleTimeout: 50 };

async function withServer(
  handler: RequestHandler<MultipathConnection>,
  use: (url: string) => Promise<void>,
): Promise<void> {
  await using server = serve({ port: 0, cert, key, localAddresses }, handler);
  await use(`https://localhost:${server.addr.port}/`);
}

/** A body without end. */
function endless(
  cancel: (reason: unknown) => void = () => {},
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      controller.enqueue(new Uint8Array(10_000));
    },
    cancel,
  });
}

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return await within(promise.then(() => undefined, (error) => error));
}

Deno.test("An aborted upload ends with H3_REQUEST_CANCELLED on the server", async () => {
  const signalled = Promise.withResolvers<unknown>();
  const failed = Promise.withResolvers<unknown>();
  const started = Promise.withResolvers<void>();
  await withServer(async (request) => {
    request.signal.addEventListener("abort", () => signalled.resolve(request.signal.reason));
    started.resolve();
    await request.bytes().catch(failed.resolve);
    return new Response();
  }, async (url) => {
    const abort = new AbortController();
    const reason = new Error("enough");
    const cancelled = Promise.withResolvers<unknown>();
    const body = endless(cancelled.resolve);
    const fetching = fetch(url, { ...init, method: "POST", body, signal: abort.signal });
    fetching.catch(() => {});
    await within(started.promise);
    abort.abort(reason);
    assert.equal(await failureOf(fetching), reason);
    await within(cancelled.promise);
    for (const error of [await within(failed.promise), await within(signalled.promise)]) {
      assert.ok(error instanceof StreamError, String(error));
      assert.equal(error.code, 0x10c);
    }
  });
});

Deno.test("An abort while the handler thinks reaches its signal", async () => {
  const signalled = Promise.withResolvers<unknown>();
  const started = Promise.withResolvers<void>();
  await withServer(async (request) => {
    request.signal.addEventListener("abort", () => signalled.resolve(request.signal.reason));
    started.resolve();
    await signalled.promise;
    return new Response();
  }, async (url) => {
    const abort = new AbortController();
    const fetching = fetch(url, { ...init, signal: abort.signal });
    fetching.catch(() => {});
    await within(started.promise);
    abort.abort();
    assert.equal((await failureOf(fetching) as Error).name, "AbortError");
    assert.equal((await within(signalled.promise) as StreamError).code, 0x10c);
  });
});

Deno.test("An abort in the middle of a response ends the body on both sides", async () => {
  const cancelled = Promise.withResolvers<unknown>();
  const completed = Promise.withResolvers<unknown>();
  await withServer((_, info) => {
    info.completed.catch(completed.resolve);
    return new Response(endless(cancelled.resolve));
  }, async (url) => {
    const abort = new AbortController();
    const response = await within(fetch(url, { ...init, signal: abort.signal }));
    const reading = response.bytes();
    reading.catch(() => {});
    const reason = new Error("enough");
    abort.abort(reason);
    assert.equal(await failureOf(reading), reason);
    assert.equal((await within(cancelled.promise) as StreamError).code, 0x10c);
    assert.equal((await within(completed.promise) as StreamError).code, 0x10c);
  });
});

Deno.test("A response that fails resets the stream, with the code of the failure if it has one", async () => {
  const failures: readonly [error: Error, code: number][] = [
    [new Error("disk"), 0x102],
    [new StreamError(0x10c, "no more"), 0x10c],
    [new StreamError(0x1234, "our own"), 0x1234],
  ];
  for (const [error, code] of failures) {
    await withServer(() => {
      let count = 0;
      return new Response(
        new ReadableStream({
          pull(controller) {
            if (count++ < 3) controller.enqueue(new Uint8Array(1_000));
            else controller.error(error);
          },
        }),
      );
    }, async (url) => {
      // A reset may overtake the fields, so either the request or its body fails.
      const failure = await failureOf(fetch(url, init).then((response) => response.bytes()));
      assert.ok(failure instanceof StreamError, String(failure));
      assert.equal(failure.code, code);
      // The connection is as good as before.
      assert.equal((await within(fetch(url, { ...init, method: "HEAD" }))).status, 200);
    });
  }
});

Deno.test("A handler that does not want the body stops the upload without harm", async () => {
  await withServer(async (request) => {
    await request.body!.cancel();
    return new Response("enough", { status: 413 });
  }, async (url) => {
    const cancelled = Promise.withResolvers<unknown>();
    const body = endless(cancelled.resolve);
    const response = await within(fetch(url, { ...init, method: "POST", body }));
    assert.equal(response.status, 413);
    assert.equal(await response.text(), "enough");
    assert.equal((await within(cancelled.promise) as StreamError).code, 0x10c);
  });
});
