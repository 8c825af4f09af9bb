import assert from "node:assert/strict";
import { reportLive, serveLive } from "../../mod.ts";
import { dialHere, listenHere } from "../api/loopback.ts";
import { MadeConnection } from "./watched.ts";
import { type Message, TYPED, Visitor } from "./visitor.ts";

/** Writes a request as it stands, and reads the first line of the answer. */
async function raw(hostname: string, port: number, request: string): Promise<string> {
  using connection = await Deno.connect({ hostname, port });
  await connection.write(new TextEncoder().encode(request));
  const buffer = new Uint8Array(4_096);
  const count = await connection.read(buffer) ?? 0;
  return new TextDecoder().decode(buffer.subarray(0, count)).split("\r\n")[0]!;
}

Deno.test("serveLive shows what a transfer over two paths does, and how it ends", async () => {
  await using view = serveLive({ title: "two paths" });
  await using listener = listenHere();
  const accepted = listener.accept();
  const connection = await dialHere(listener);
  const peer = await accepted;
  await connection.openPath({ localAddress: "127.0.0.1" });
  const visitor = await Visitor.enter(view);
  const stream = await connection.createUnidirectionalStream();
  const writer = stream.getWriter();
  await writer.write(new Uint8Array(100_000));
  const seen: Message[] = [];
  const ends = new Set<string>();
  for await (const message of visitor.follow()) {
    if (message.type === "end") break;
    seen.push(message);
    const [client] = message.connections.filter(({ role }) => role === "client");
    if (client?.end !== undefined) ends.add(client.end);
    const isSent = client !== undefined && client.sent > 50_000;
    if (isSent && client.end === undefined && message.shown?.paths.length === 2) {
      connection.close({ closeCode: 3, reason: "enough" });
    }
    if (ends.size > 0 && message.connections.every(({ end }) => end !== undefined)) view.close();
  }
  assert.equal(seen[0]!.title, "two paths");
  assert.deepEqual([...ends], ['closed in order, code 3, "enough"']);
  const last = seen.at(-1)!;
  assert.deepEqual(last.connections.map(({ role }) => role).sort(), ["client", "server"]);
  const texts = seen.flatMap(({ shown }) => shown?.events.map(({ text }) => text) ?? []);
  assert.ok(texts.some((text) => /^Path 1 \(127\.0\.0\.1\) works/.test(text)), texts.join("\n"));
  await Promise.allSettled([peer.closed, writer.closed]);
});

Deno.test("A live view listens on loopback, on one port of both families, and nowhere else", async () => {
  await using view = serveLive();
  const port = Number(new URL(view.url).port);
  assert.equal(view.hosts[0], `127.0.0.1:${port}`);
  const all = Deno.networkInterfaces().map(({ address }) => address);
  if (all.includes("::1")) assert.deepEqual(view.hosts.slice(1), [`[::1]:${port}`]);
  const others = all.filter((address) =>
    !address.startsWith("127.") && address !== "::1" && !address.startsWith("fe80")
  );
  for (const hostname of others) {
    await assert.rejects(Deno.connect({ hostname, port }), Deno.errors.ConnectionRefused);
  }
  const head = (host: string) => `GET /x HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
  for (const host of view.hosts) {
    const hostname = new URL(`http://${host}`).hostname.replace(/^\[|\]$/g, "");
    assert.match(await raw(hostname, port, head(host)), /^HTTP\/1.1 403 /);
  }
});

Deno.test("A live view answers neither foreign hosts nor foreign origins, whatever the request line says [attack live-view]", async () => {
  await using view = serveLive();
  const visitor = await Visitor.enter(view);
  const port = Number(new URL(view.url).port);
  const { cookie } = visitor.fields;
  const ask = (target: string, host: string, more = "") =>
    raw(
      "127.0.0.1",
      port,
      `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nCookie: ${cookie}\r\nSec-Fetch-Site: same-origin\r\n${more}\r\n`,
    );
  assert.match(await ask(visitor.path, visitor.host), /^HTTP\/1.1 200 /, "what is good");
  for (const host of [`rebound.example:${port}`, "rebound.example", `localhost:${port}`, ""]) {
    assert.match(await ask(visitor.path, host), /^HTTP\/1.1 4\d\d /, host);
  }
  const absolute = `http://rebound.example:${port}${visitor.path}`;
  assert.match(await ask(absolute, visitor.host), /^HTTP\/1.1 403 /);
  const twice = "Host: rebound.example\r\n";
  assert.match(await ask(visitor.path, visitor.host, twice), /^HTTP\/1.1 4\d\d /);
  const origin = "Origin: https://evil.example\r\n";
  assert.match(await ask(`${visitor.path}events`, visitor.host, origin), /^HTTP\/1.1 403 /);
});

Deno.test("A live view serves its files, and answers every request with the same care", async () => {
  await using view = serveLive();
  const visitor = await Visitor.enter(view);
  for (const name of ["", "live.js", "plots.js", "uplot.js", "live.css", "icon.svg"]) {
    const answer = await visitor.get(name);
    assert.equal(answer.status, 200, name);
    assert.ok((await answer.text()).length > 100, name);
    assert.match(answer.headers.get("content-security-policy")!, /^default-src 'self';/);
    assert.match(answer.headers.get("cache-control")!, /no-store/);
    assert.equal(answer.headers.get("access-control-allow-origin"), null);
  }
  for (const name of ["../live.js", "nothing", "live.js/"]) {
    const answer = await visitor.get(name);
    await answer.body?.cancel();
    assert.ok(answer.status === 404, `${name}: ${answer.status}`);
  }
  const stranger = await visitor.get("", TYPED);
  assert.deepEqual([stranger.status, stranger.headers.get("set-cookie")], [403, null]);
  await stranger.body?.cancel();
});

Deno.test("A limited number of pages looks at a live view; one that leaves makes room [attack live-view-load]", async () => {
  await using view = serveLive();
  const visitor = await Visitor.enter(view);
  const pages = await Promise.all(Array.from({ length: 16 }, () => visitor.get("events")));
  assert.deepEqual(pages.map(({ status }) => status), Array(16).fill(200));
  assert.equal(view.viewers, 16);
  const refused = await visitor.get("events");
  assert.equal(refused.status, 503);
  assert.equal(await refused.text(), "Cannot show this to more than 16 pages at a time.\n");
  await pages[0]!.body!.cancel();
  while (view.viewers > 15) await new Promise((resolve) => setTimeout(resolve, 20));
  const next = await visitor.get("events");
  assert.equal(next.status, 200);
  for (const { body } of [...pages.slice(1), next]) await body!.cancel();
});

Deno.test("A page that stops reading holds back neither the others nor the end [attack live-view-load]", async () => {
  const view = serveLive();
  const visitor = await Visitor.enter(view);
  const port = Number(new URL(view.url).port);
  using stalled = await Deno.connect({ hostname: "127.0.0.1", port });
  const fields = Object.entries(visitor.fields).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `GET ${visitor.path}events HTTP/1.1\r\nHost: ${visitor.host}\r\n${
    fields.join("")
  }\r\n`;
  await stalled.write(new TextEncoder().encode(head));
  let count = 0;
  for await (const { type } of visitor.follow()) {
    if (type === "end") break;
    if (++count === 3) view.close();
  }
  assert.ok(count >= 3);
  await view.close();
  await view.close();
});

Deno.test("A live view refuses ports that are none, and says when one is taken", async () => {
  for (const port of [-1, 65_536, 1.5, NaN]) {
    assert.throws(() => serveLive({ port }), /^TypeError: Cannot listen on port /);
  }
  await using view = serveLive();
  const port = Number(new URL(view.url).port);
  assert.throws(() => serveLive({ port }), Deno.errors.AddrInUse);
});

Deno.test("A thread that has ended its reports watches nothing any more", () => {
  const end = reportLive();
  const made = new MadeConnection().announce();
  assert.equal(made.watchers, 1);
  end();
  assert.equal(made.watchers, 0);
});

/** Runs a program with these permissions, and gives what it prints. */
async function run(program: string, ...permissions: string[]): Promise<string> {
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const flags = ["run", "--no-prompt", "--cached-only", "--no-check", "--config", config];
  const mod = new URL("../../mod.ts", import.meta.url);
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(file, `import * as mpquic from "${mod}";\n${program}`);
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...flags, ...permissions, file],
    env: { NO_COLOR: "1" },
  }).output();
  await Deno.remove(file);
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

Deno.test("A live view does not keep the process, and needs no permission but that to listen", async () => {
  const text = await run("console.log(mpquic.serveLive().url)", "--allow-net=127.0.0.1");
  assert.match(text, /^http:\/\/127\.0\.0\.1:\d+\/\?token=[\da-f]{48}\n$/);
  const refused = await run("mpquic.serveLive()");
  assert.match(refused, /TypeError: Cannot listen on loopback: run with --allow-net/);
});

/** A thread with both ends of a connection, and a main thread that looks at its own live view. */
const THREADS = `
if ("WorkerGlobalScope" in globalThis) {
  mpquic.reportLive();
  const { certPem: cert, keyPem: key } = await mpquic.makeDevelopmentCertificate(["127.0.0.1"]);
  const common = { alpnProtocols: ["test"], port: 0, hostname: "127.0.0.1" };
  const listener = mpquic.listen({ ...common, localAddresses: ["127.0.0.1"], cert, key });
  const { port } = listener.addrs[0];
  await mpquic.dial({ ...common, port, caCerts: [cert] });
} else {
  const view = mpquic.serveLive();
  new Worker(import.meta.url, { type: "module" });
  const headers = { "sec-fetch-site": "none" };
  const { headers: fields } = await fetch(view.url, { headers, redirect: "manual" });
  const cookie = fields.get("set-cookie").split(";")[0];
  const events = new URL(fields.get("location") + "events", view.url);
  const { body } = await fetch(events, { headers: { ...headers, cookie } });
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    const ends = [...text.matchAll(/"role":"(\\w+)"/g)].map(([, role]) => role);
    if (ends.length < 2) continue;
    console.log(ends.sort().join());
    Deno.exit();
  }
}
`;

Deno.test("Threads report to the live view of the program", async () => {
  assert.equal(await run(THREADS, "-A"), "client,server\n");
});
