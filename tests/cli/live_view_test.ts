import assert from "node:assert/strict";
import { get as getOverTcp } from "node:https";
import { getFlags } from "../../cli/get/get_flags.ts";
import { checkProgram } from "../../cli/check/check_options.ts";
import { readLiveChoices } from "../../cli/flags/live_flags.ts";
import { readFlags } from "../../cli/flags/flags.ts";
import { proxyProgram } from "../../cli/proxy/proxy_options.ts";
import { serverProgram } from "../../cli/server/server_options.ts";
import { makeIssuedCertificate, serveTcp } from "../../mod.ts";
import { nativeTest } from "../io/native/tier.ts";
import { type Message, Visitor } from "../live/visitor.ts";
import { exactly } from "../permissions/permission_line.ts";
import { assertSentence, mainCommand, run, RunningServer } from "./program_runner.ts";

const HOST = "127.0.0.1";
const ADDRESS = /Live view, for one browser: (http:\/\/127\.0\.0\.1:\d+\/\?token=[\da-f]+)\n/;

async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeFile(`${folder}/large`, new Uint8Array(3_000_000));
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function urlIn(text: string): string {
  return ADDRESS.exec(text)![1]!;
}

/** Reads until a text has the address of the live view; the rest is read as well. */
async function addressIn(stream: ReadableStream<Uint8Array>): Promise<string> {
  const found = Promise.withResolvers<string>();
  (async () => {
    let text = "";
    for await (const piece of stream.pipeThrough(new TextDecoderStream())) {
      text += piece;
      if (ADDRESS.test(text)) found.resolve(urlIn(text));
    }
    found.reject(new Error(`there is no address: ${text}`));
  })();
  return await found.promise;
}

/** All that a view tells until the end of the program. */
async function followed(url: string): Promise<Message[]> {
  const messages: Message[] = [];
  for await (const message of (await Visitor.enter({ url })).follow()) messages.push(message);
  return messages;
}

Deno.test("mpquic get and the server show a transfer from both ends, until they end", async () => {
  await withFolder(async (folder) => {
    const server = await RunningServer.start(
      ...["--host", HOST, "-p", "0", "--live-port", "0", "--limit-rate", "600k", folder],
    );
    const atServer = followed(urlIn(server.text));
    const url = `https://${HOST}:${server.port}/large`;
    const second = ["--next", "-k", "--range", "0-9", "-o", "/dev/null", url];
    const get = mainCommand(["get", "--live", "-k", "-o", "/dev/null", url, ...second]).spawn();
    const atClient = followed(await addressIn(get.stderr));
    const [client, { code }] = await Promise.all([
      atClient,
      get.status,
      get.stdout.cancel(),
    ]);
    assert.equal(code, 0);
    assert.equal(client[0]!.title, "mpquic get");
    const { connections } = client.at(-2)!;
    assert.deepEqual(
      connections.map(({ role }) => role),
      ["client", "client"],
      "one page for both",
    );
    for (const { end } of connections) assert.match(end!, /^closed in order, code \d+/);
    assert.ok(connections[1]!.received > 3_000_000);
    assert.equal(client.at(-1)!.type, "end");
    assert.ok(client.some(({ shown, samples }) => samples?.length && shown!.paths.length));
    await server[Symbol.asyncDispose]();
    const messages = await atServer;
    assert.equal(messages[0]!.title, "server");
    assert.ok(messages.at(-2)!.connections[1]!.sent > 3_000_000);
    assert.equal(messages.at(-1)!.type, "end");
  });
});

Deno.test("the server's live view shows downloads over TCP", async () => {
  await withFolder(async (folder) => {
    const words = ["--host", HOST, "-p", "0", "-tcp", "--live", folder];
    await using server = await RunningServer.start(...words);
    const visitor = await Visitor.enter({ url: urlIn(server.text) });
    const length = await new Promise<number>((resolve, reject) => {
      const place = { host: HOST, port: server.port, path: "/large", rejectUnauthorized: false };
      getOverTcp({ ...place, agent: false }, async (response) => {
        let count = 0;
        for await (const piece of response) count += piece.length;
        resolve(count);
      }).on("error", reject);
    });
    assert.equal(length, 3_000_000);
    for await (const { connections, shown } of visitor.follow()) {
      const found = connections.find(({ sent }) => sent > 3_000_000);
      if (found === undefined) continue;
      assert.equal(found.role, "server");
      assert.equal(found.protocol, "http/1.1 over TCP");
      assert.ok(shown !== undefined);
      break;
    }
  });
});

Deno.test("the live view of mpquic get shows what comes over TCP", async () => {
  await withFolder(async (folder) => {
    const { certPem: cert, keyPem: key, caPem } = await makeIssuedCertificate([HOST]);
    await Deno.writeTextFile(`${folder}/ca.pem`, caPem);
    const place = { port: 0, localAddresses: [HOST] };
    await using server = await serveTcp({ ...place, cert, key }, () => {
      return new Response(new Uint8Array(2_000_000));
    });
    const { port } = server.addrs[0]!;
    const fallback = ["--tcp-fallback", "--fallback-delay", "300", "--limit-rate", "1M"];
    const words = ["get", "--live", "--cacert", `${folder}/ca.pem`, ...fallback];
    const url = `https://${HOST}:${port}/`;
    const get = mainCommand([...words, "-o", "/dev/null", url]).spawn();
    const messages = await followed(await addressIn(get.stderr));
    assert.equal((await get.status).code, 0);
    await get.stdout.cancel();
    const [shown, ...others] = messages.at(-2)!.connections;
    assert.equal(others.length, 0);
    assert.equal(shown!.role, "client");
    assert.equal(shown!.protocol, "h2 over TCP");
    assert.ok(shown!.received > 2_000_000, `${shown!.received}`);
    assert.match(shown!.end!, /^closed/);
  });
});

Deno.test("the server tells another address of its live view on SIGHUP", async () => {
  await withFolder(async (folder) => {
    const words = ["--host", HOST, "-p", "0", "--live", "--cors", folder];
    await using server = await RunningServer.start(...words);
    const first = urlIn(server.text);
    const page = await (await Visitor.enter({ url: first })).get("");
    assert.match(await page.text(), /<title>mpquic<\/title>/);
    assert.equal(page.headers.get("access-control-allow-origin"), null, "--cors is for files");
    Deno.kill(server.pid, "SIGHUP");
    const rest = () => server.text.replace(ADDRESS, "");
    while (!ADDRESS.test(rest())) await new Promise((resolve) => setTimeout(resolve, 20));
    const second = urlIn(rest());
    assert.notEqual(second, first);
    await Visitor.enter({ url: second });
  });
});

nativeTest("the server's live view shows the connections of its workers", async () => {
  await withFolder(async (folder) => {
    const words = ["--host", HOST, "-p", "0", "--workers", "2", "--live", folder];
    await using server = await RunningServer.of(
      new Deno.Command(Deno.execPath(), {
        ...exactly("cli/server.ts", words, ["--allow-ffi"]),
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      }),
    );
    const visitor = await Visitor.enter({ url: urlIn(server.text) });
    const url = `https://${HOST}:${server.port}/large`;
    const { code } = await run("main", "get", "-k", "-s", "-o", "/dev/null", url);
    assert.equal(code, 0);
    for await (const { connections } of visitor.follow()) {
      if (connections.some(({ role, sent }) => role === "server" && sent > 3_000_000)) break;
    }
  });
});

Deno.test("mpquic proxy has a live view, with the permissions of its help", async () => {
  const words = ["proxy", "--via", "https://127.0.0.1:9", "--listen", "127.0.0.1:0", "--live"];
  await using near = await RunningServer.of(mainCommand(words));
  const visitor = await Visitor.enter({ url: urlIn(near.text) });
  for await (const { title, connections } of visitor.follow()) {
    assert.deepEqual([title, connections], ["mpquic proxy", []]);
    break;
  }
});

Deno.test("the server and mpquic get say that the port of a live view is taken", async () => {
  await withFolder(async (folder) => {
    using taken = Deno.listen({ hostname: HOST, port: 0 });
    const { port } = taken.addr as Deno.NetAddr;
    const outcome = await run(
      "server",
      "--host",
      HOST,
      "-p",
      "0",
      "--live-port",
      `${port}`,
      folder,
    );
    const why = /at port \d+: another program uses it; .* with --live-port$/;
    assertSentence(outcome, 1, why);
    const url = `https://${HOST}:9/`;
    assertSentence(await run("main", "get", "--live-port", `${port}`, url), 1, why);
  });
});

Deno.test("--live and --live-port are flags of all commands that run for a while", () => {
  for (const flags of [getFlags, serverProgram.flags, proxyProgram.flags]) {
    const read = (...args: string[]) => readLiveChoices(readFlags("test", flags, args)).live;
    assert.equal(read(), undefined);
    assert.equal(read("--live"), 0);
    assert.equal(read("--live-port", "4711"), 4711);
    assert.equal(read("--live", "--live-port=4711"), 4711);
    assert.throws(() => read("--live-port", "65536"), /--live-port/);
  }
  assert.ok(!checkProgram.flags.some(({ name }) => name === "live"), "a check is over at once");
});
