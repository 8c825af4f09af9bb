import assert from "node:assert/strict";
import { within } from "../http3/raw_peer.ts";
import { Browser, findBrowser } from "./browser.ts";
import { SessionSite } from "./session_site.ts";

const STREAMS = 1_000;
const AT_ONCE = 20;
const PATIENCE = 90_000;

/** What the page says of its sessions. */
interface Report {
  readonly bidirectional: string;
  readonly unidirectional: string;
  readonly opened: string;
  readonly datagram: readonly number[];
  readonly echoed: number;
  readonly taken: number;
  readonly closed: { readonly closeCode: number; readonly reason: string };
  readonly resetCode: number;
  readonly foreign: string;
  readonly error?: string;
}

const program = findBrowser();

Deno.test({
  name: "a page in Chromium has sessions with our server; one of another origin has none",
  ignore: !program,
}, async () => {
  const report = Promise.withResolvers<Report>();
  await using site = await SessionSite.make(async (request) => {
    if (new URL(request.url).pathname !== "/report") {
      return new Response(page(), { headers: { "content-type": "text/html; charset=utf-8" } });
    }
    report.resolve(await request.json());
    return new Response("thanks");
  });
  await using browser = new Browser(program!, `localhost:${site.server.addr.port}`, site.spkiHash);
  const said = await browser.visit(site.url("/"), within(report.promise, PATIENCE));
  assert.equal(said.error, undefined);
  assert.equal(said.bidirectional, "question");
  assert.equal(said.unidirectional, "one way");
  assert.equal(said.opened, "welcome");
  assert.deepEqual(said.datagram, [1, 2, 3]);
  assert.equal(said.echoed, STREAMS);
  assert.equal(said.taken, STREAMS);
  assert.deepEqual(said.closed, { closeCode: 4_000_000_000, reason: "Schluß" });
  assert.equal(said.resetCode, 0xffff_fffe);
  assert.match(said.foreign, /^WebTransportError/);
  assert.ok(site.codes.includes(231), `${site.codes}`);
  const { end } = site.ends.find(({ path }) => path === "/echo")!;
  assert.deepEqual(end, { closeCode: 77, reason: "tschüß" });
  assert.equal(site.ends.filter(({ path }) => path === "/foreign").length, 0);
});

function page(): string {
  return `<!doctype html><title>Sessions</title><script type="module">
const report = {};
const encode = (text) => new TextEncoder().encode(text);
const decode = (bytes) => new TextDecoder().decode(bytes);
const open = async (path, origin = location.origin) => {
  const session = new WebTransport(origin + path);
  session.closed.catch(() => {});
  await session.ready;
  return session;
};
const first = async (stream) => {
  const reader = stream.getReader();
  const { value } = await reader.read();
  reader.releaseLock();
  return value;
};
const say = async (stream, text) => {
  const writer = stream.getWriter();
  await writer.write(encode(text));
  await writer.close();
};
const heard = (stream) => new Response(stream).text();
try {
  const session = await open("/echo");
  report.opened = await heard((await first(session.incomingBidirectionalStreams)).readable);
  const both = await session.createBidirectionalStream();
  await say(both.writable, "question");
  report.bidirectional = await heard(both.readable);
  await say(await session.createUnidirectionalStream(), "one way");
  report.unidirectional = await heard(await first(session.incomingUnidirectionalStreams));
  const sending = session.datagrams.writable ?? session.datagrams.createWritable();
  await sending.getWriter().write(new Uint8Array([1, 2, 3]));
  report.datagram = [...await first(session.datagrams.readable)];
  const stopped = await session.createBidirectionalStream();
  const stopping = stopped.writable.getWriter();
  await stopping.write(encode("a"));
  await first(stopped.readable);
  // Chromium has the constructor of an earlier text, and makes 255 of all higher codes.
  const reason = new WebTransportError({ message: "enough", streamErrorCode: 231 });
  await stopping.abort(reason).catch(() => {});
  let next = 0;
  report.echoed = 0;
  await Promise.all(Array.from({ length: ${AT_ONCE} }, async () => {
    while (next < ${STREAMS}) {
      const text = "stream " + next++;
      const { readable, writable } = await session.createBidirectionalStream();
      await say(writable, text);
      if (await heard(readable) === text) report.echoed++;
    }
  }));
  session.close({ closeCode: 77, reason: "tschüß" });
  await session.closed;

  const many = await open("/many?${STREAMS}");
  const texts = new Set();
  const incoming = many.incomingUnidirectionalStreams.getReader();
  while (texts.size < ${STREAMS}) texts.add(await heard((await incoming.read()).value));
  report.taken = texts.size;
  many.close();

  const closing = await open("/close");
  const last = await closing.createBidirectionalStream();
  last.writable.getWriter().write(encode("go on")).catch(() => {});
  const { closeCode, reason: why } = await closing.closed;
  report.closed = { closeCode, reason: why };

  const resetting = await open("/reset");
  const broken = await resetting.createBidirectionalStream();
  await broken.writable.getWriter().write(encode("go on"));
  try {
    const reader = broken.readable.getReader();
    while (!(await reader.read()).done);
  } catch (error) {
    report.resetCode = error.streamErrorCode;
  }
  resetting.close();

  const foreign = location.origin.replace("localhost", "127.0.0.1");
  report.foreign = await open("/foreign", foreign).then(() => "opened", String);
} catch (error) {
  report.error = String(error) + " " + JSON.stringify(report);
}
await fetch("/report", { method: "POST", body: JSON.stringify(report) });
</script>`;
}
