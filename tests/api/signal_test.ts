import assert from "node:assert/strict";
import { listen } from "../../src/api/listen.ts";
import { MultipathConnection } from "../../src/api/multipath_connection.ts";
import { fetch } from "../../src/http2/fetch.ts";
import { serve } from "../../src/http3/server/serve.ts";
import { TEST_CERTIFICATE, TEST_KEY } from "../../src/sim/test_certificate.ts";
import { dialHere } from "./loopback.ts";

/** A signal that knows how many listen to it. */
class CountedSignal {
  readonly controller = new AbortController();
  readonly signal = this.controller.signal;
  readonly #listeners = new Set<unknown>();

  constructor() {
    const { signal } = this;
    const { addEventListener: add, removeEventListener: remove } = signal;
    Object.assign(signal, {
      addEventListener: (...args: Parameters<typeof add>) => {
        this.#listeners.add(args[1]);
        add.apply(signal, args);
      },
      removeEventListener: (...args: Parameters<typeof remove>) => {
        this.#listeners.delete(args[1]);
        remove.apply(signal, args);
      },
    });
  }

  get count(): number {
    return this.#listeners.size;
  }
}

const server = { cert: TEST_CERTIFICATE, key: TEST_KEY, localAddresses: ["127.0.0.1"], port: 0 };

async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + 5_000;
  while (!condition()) {
    assert.ok(performance.now() < end, "waited for five seconds");
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

Deno.test("A signal that outlives connections and listeners holds none of them", async () => {
  const listening = new CountedSignal();
  const connecting = new CountedSignal();
  const { signal } = connecting;
  for (let i = 0; i < 3; i++) {
    await using listener = listen({
      ...server,
      alpnProtocols: ["echo"],
      signal: listening.signal,
    });
    await using connection = await dialHere(listener, { signal });
    assert.equal(connecting.count, 1, "it would close the connection");
    assert.equal(listening.count, 1);
    await connection.openPath({ signal });
    await assert.rejects(dialHere(listener, { signal, serverName: "other.test" }), /good for/);
    assert.equal(connecting.count, 1);
  }
  await until(() => connecting.count + listening.count === 0);
});

Deno.test("A signal that outlives requests holds none of them", async () => {
  const listening = new CountedSignal();
  const requesting = new CountedSignal();
  const { signal } = requesting;
  await using http = serve({ ...server, signal: listening.signal }, (request) => {
    return new Response(request.body);
  });
  const init = {
    caCerts: [TEST_CERTIFICATE],
    serverName: "server.test",
    localAddresses: ["127.0.0.1"],
    idleTimeout: 20,
    signal,
  };
  for (let i = 0; i < 3; i++) {
    const url = `https://127.0.0.1:${http.addr.port}/`;
    const response = await fetch(url, { ...init, method: "POST", body: "x" });
    assert.equal(await response.text(), "x");
  }
  assert.equal(requesting.count, 0);
  listening.controller.abort();
  await http.finished;
});

Deno.test("A signal aborted at any moment of connecting ends it", async () => {
  await using listener = listen({ ...server, alpnProtocols: ["echo"] });
  const reason = new Error("enough");
  let rejected = 0;
  for (let turns = 0; turns < 60; turns += 3) {
    const { controller, signal } = new CountedSignal();
    const connecting = dialHere(listener, { signal });
    connecting.catch(() => {});
    if (turns < 30) { for (let i = 0; i < turns; i++) await Promise.resolve(); }
    else {
      await new Promise((resolve) => setTimeout(resolve, turns - 30));
    }
    controller.abort(reason);
    const outcome = await connecting.then((connection) => connection, (error) => error);
    if (outcome instanceof MultipathConnection) await outcome.closed;
    else {
      assert.equal(outcome, reason);
      rejected++;
    }
  }
  assert.ok(rejected > 0);
});

Deno.test("dial() and listen() say which certificate of an authority is none", async () => {
  await using listener = listen({ ...server, alpnProtocols: ["echo"] });
  const caCerts = [TEST_CERTIFICATE, "not a certificate"];
  await assert.rejects(dialHere(listener, { caCerts }), /caCerts\[1\]/);
  assert.throws(
    () => listen({ ...server, alpnProtocols: ["echo"], clientCertificates: { caCerts } }),
    /caCerts\[1\]/,
  );
});
