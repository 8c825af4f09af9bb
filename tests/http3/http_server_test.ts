import assert from "node:assert/strict";
import { H3Client } from "../../src/http3/client/client.ts";
import { createServe, type H3Listener } from "../../src/http3/server/http_server.ts";
import { MemoryTransport } from "./memory_transport.ts";
import { within } from "./raw_peer.ts";

class MemoryListener implements H3Listener<MemoryTransport> {
  readonly addrs = [{ hostname: "127.0.0.1", port: 1 }, { hostname: "127.0.0.2", port: 1 }];
  readonly #stream: ReadableStream<MemoryTransport>;
  #controller!: ReadableStreamDefaultController<MemoryTransport>;

  constructor() {
    this.#stream = new ReadableStream({ start: (c) => void (this.#controller = c) });
  }

  connect(): H3Client {
    const [client, server] = MemoryTransport.pair();
    this.#controller.enqueue(server);
    return new H3Client(client);
  }

  close(): void {
    this.#controller.close();
  }

  [Symbol.asyncIterator](): AsyncIterator<MemoryTransport> {
    return this.#stream[Symbol.asyncIterator]();
  }
}

const options = { port: 0, cert: "", key: "" };
const request = () => new Request("https://localhost/");

Deno.test("serve() listens for h3, tells where, and serves each connection", async () => {
  const listener = new MemoryListener();
  let alpn: string[] = [];
  let heard: unknown;
  const serve = createServe((options) => {
    alpn = options.alpnProtocols;
    return listener;
  });
  await using server = serve({ ...options, onListen: (address) => heard = address }, (_, info) => {
    assert.ok(info.connection instanceof MemoryTransport);
    return new Response("hello");
  });
  assert.deepEqual(alpn, ["h3"]);
  assert.equal(heard, server.addr);
  assert.equal(server.addrs.length, 2);
  for (let i = 0; i < 3; i++) {
    const response = await listener.connect().fetch(request());
    assert.equal(await response.text(), "hello");
  }
});

Deno.test("serve() stops listening if onListen throws, which it passes on", async () => {
  const listener = new MemoryListener();
  const onListen = () => {
    throw new RangeError("no place to write to");
  };
  const serve = createServe(() => listener);
  assert.throws(() => serve({ ...options, onListen }, () => new Response()), RangeError);
  const { done } = await within(listener[Symbol.asyncIterator]().next().catch(() => ({ done: 1 })));
  assert.ok(done);
});

Deno.test("HttpServer.shutdown() lets requests finish, then resolves finished", async () => {
  const listener = new MemoryListener();
  const gate = Promise.withResolvers<void>();
  const server = createServe(() => listener)(options, async () => {
    await gate.promise;
    return new Response("late");
  });
  const client = listener.connect();
  const taken = client.fetch(request());
  await new Promise((resolve) => setTimeout(resolve, 5));
  let isFinished = false;
  server.finished.then(() => isFinished = true);
  const late = listener.connect(); // on its way when the server shuts down
  const refused = late.fetch(request());
  const down = server.shutdown();
  assert.equal(server.shutdown(), down);
  await assert.rejects(within(refused), { name: "StreamError", code: 0x10b });
  assert.equal(isFinished, false);
  gate.resolve();
  assert.equal(await (await taken).text(), "late");
  await within(down);
  await within(server.finished);
  await within(Promise.all([client.closed, late.closed]));
});
