import assert from "node:assert/strict";
import v8 from "node:v8";
import vm from "node:vm";
import { H3Client } from "../../src/http3/client/client.ts";
import { fetch } from "../../src/http2/fetch.ts";
import { createFetch } from "../../src/http3/client/fetcher.ts";
import { serve } from "../../src/http3/server/serve.ts";
import { serveConnection } from "../../src/http3/server/server.ts";
import { cert, key } from "./deno_quic.ts";
import { MemoryTransport } from "./memory_transport.ts";
import { within } from "./raw_peer.ts";

v8.setFlagsFromString("--expose-gc");
const collectGarbage: () => void = vm.runInNewContext("gc");

const module = new URL("../../mod.ts", import.meta.url).href;
const config = new URL("../../deno.json", import.meta.url).pathname;
const url = "https://localhost/";
const localAddresses = ["127.0.0.1"];

function moment(milliseconds = 5): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

Deno.test("H3Client gives up responses that cannot be read any more", async () => {
  const [transport, server] = MemoryTransport.pair();
  let cancelled = 0;
  serveConnection(server, () => {
    const pull = (controller: ReadableStreamDefaultController) => {
      controller.enqueue(new Uint8Array(50_000));
    };
    return new Response(new ReadableStream({ pull, cancel: () => void cancelled++ }));
  });
  const client = new H3Client(transport);
  const kept = [
    await client.fetch(new Request(url)), // by its response
    (await client.fetch(new Request(url))).body!, // by its body
    (await client.fetch(new Request(url))).body!.getReader(), // by a reader
  ] as const;
  for (let i = 0; i < 20; i++) await client.fetch(new Request(url));
  for (let i = 0; i < 100 && cancelled < 20; i++) {
    collectGarbage();
    await moment();
  }
  assert.equal(cancelled, 20);
  assert.equal(client.active, 3);
  const readers = [kept[0].body!.getReader(), kept[1].getReader(), kept[2]];
  for (const reader of readers) assert.ok((await within(reader.read())).value!.length > 0);
  for (const reader of readers) await reader.cancel();
  await moment();
  assert.equal(client.active, 0);
});

Deno.test("H3Client does not give up a response that a caller waits for", async () => {
  const [transport, server] = MemoryTransport.pair();
  const gate = Promise.withResolvers<void>();
  serveConnection(server, () => {
    const pull = async (controller: ReadableStreamDefaultController) => {
      await gate.promise;
      controller.enqueue(new Uint8Array(10));
      controller.close();
    };
    return new Response(new ReadableStream({ pull }));
  });
  const client = new H3Client(transport);
  const reading = client.fetch(new Request(url)).then((response) => response.bytes());
  for (let i = 0; i < 10; i++) {
    await moment(2);
    collectGarbage();
  }
  gate.resolve();
  assert.equal((await within(reading)).length, 10);
});

Deno.test("fetch() keeps its connection for as long as it is told, and not while it is waited for", async () => {
  const transports: MemoryTransport[] = [];
  const fetch = createFetch(() => {
    const [client, server] = MemoryTransport.pair();
    transports.push(client);
    serveConnection(server, async (request) => {
      await moment(60);
      return new Response(request.body);
    });
    return Promise.resolve(client);
  });
  for (const idleTimeout of [0, 20, Infinity]) {
    const init = { idleTimeout, method: "POST", body: "slow" };
    assert.equal(await (await within(fetch(url, init))).text(), "slow");
    const transport = transports.at(-1)!;
    await moment(30);
    assert.equal(transport.closeInfo?.closeCode, idleTimeout < 30 ? 0x100 : undefined);
    transport.close();
  }
  assert.equal(transports.length, 3);
});

Deno.test("fetch() lets go of the process, not of the response, while it is not read", async () => {
  const [client, server] = MemoryTransport.pair();
  const calls: string[] = [];
  Object.assign(client, { ref: () => calls.push("ref"), unref: () => calls.push("unref") });
  serveConnection(server, () => new Response(new Uint8Array(100)));
  const fetch = createFetch(() => Promise.resolve(client));
  const response = await within(fetch(url, { idleTimeout: 10 }));
  await moment(40);
  assert.equal(calls.at(-1), "unref");
  const reading = response.bytes();
  assert.equal(calls.at(-1), "ref");
  assert.equal((await within(reading)).length, 100);
  await within(client.closed);
});

Deno.test("A program that has all it wants of a response ends", async () => {
  await using server = serve({ port: 0, cert, key, localAddresses }, () => {
    return new Response(new Uint8Array(10_000));
  });
  const init = { insecure: true, localAddresses, idleTimeout: 50 };
  const program = `import { fetch } from ${JSON.stringify(module)};
    const init = ${JSON.stringify(init)};
    const response = await fetch("https://localhost:${server.addr.port}/", init);
    console.log(response.status);`;
  assert.equal(await outputOf(program), "200\n"); // the idle timeout of QUIC is 30 s
});

Deno.test("A program may end though it serves", async () => {
  const options = { port: 0, cert, key, localAddresses };
  const program = `import { serve } from ${JSON.stringify(module)};
    const server = serve(${JSON.stringify(options)}, () => new Response());
    server.unref();
    server.ref();
    server.unref();
    console.log("served");`;
  assert.equal(await outputOf(program), "served\n");
});

async function outputOf(program: string): Promise<string> {
  const args = ["run", "-A", "--unstable-net", "--config", config, "-"];
  const command = new Deno.Command(Deno.execPath(), { args, stdin: "piped", stdout: "piped" });
  await using child = command.spawn();
  await new Response(program).body!.pipeTo(child.stdin);
  const { stdout } = await within(child.output(), 15_000);
  return new TextDecoder().decode(stdout);
}

Deno.test("fetch() works on over a connection that did not keep the process", async () => {
  await using server = serve({ port: 0, cert, key, localAddresses }, () => {
    return new Response(new Uint8Array(300_000));
  });
  const init = { caCerts: [cert], localAddresses, idleTimeout: 20 };
  const response = await within(fetch(`https://localhost:${server.addr.port}/`, init));
  await moment(100);
  assert.equal((await within(response.bytes())).length, 300_000);
});

Deno.test("fetch() gets the heads of many long responses before it reads any of them", async () => {
  await using server = serve({ port: 0, cert, key, localAddresses }, () => {
    return new Response(new Uint8Array(1_500_000));
  });
  const init = { caCerts: [cert], localAddresses, idleTimeout: 20 };
  const address = `https://localhost:${server.addr.port}/`;
  const responses = await within(
    Promise.all(Array.from({ length: 60 }, () => fetch(address, init))),
    60_000,
  );
  for (const response of responses) {
    assert.equal((await within(response.bytes(), 60_000)).length, 1_500_000);
  }
});

Deno.test("serve() answers others while handlers do not read what is uploaded", async () => {
  const gate = Promise.withResolvers<void>();
  await using server = serve({ port: 0, cert, key, localAddresses }, async (request) => {
    if (request.method === "GET") return new Response("soon");
    await gate.promise;
    return new Response(String((await request.bytes()).length));
  });
  const init = { caCerts: [cert], localAddresses, idleTimeout: 20 };
  const address = `https://localhost:${server.addr.port}/`;
  const body = new Uint8Array(3_000_000);
  const uploads = Array.from({ length: 10 }, () => {
    return fetch(address, { ...init, method: "POST", body }).then((response) => response.text());
  });
  await moment(500);
  assert.equal(await (await within(fetch(address, init))).text(), "soon");
  gate.resolve();
  for (const upload of uploads) assert.equal(await within(upload, 20_000), "3000000");
});
