import assert from "node:assert/strict";
import { connectWebTransport, WebTransportError, type WebTransportSession } from "../../mod.ts";
import { within } from "../http3/raw_peer.ts";
import { issued } from "./deno_pair.ts";
import { GoProgram, whyNoGo } from "./go_program.ts";
import { SessionSite } from "./session_site.ts";

const missing = whyNoGo("sessions");
const STREAMS = 1_000;
const AT_ONCE = 20;
const PATIENCE = 40_000;
const encode = (text: string) => new TextEncoder().encode(text);

/** What webtransport-go's client says of its sessions. */
interface Report {
  readonly Opened: string;
  readonly Bidirectional: string;
  readonly Unidirectional: string;
  readonly Datagram: readonly number[];
  readonly Echoed: number;
  readonly Taken: number;
  readonly CloseCode: number;
  readonly CloseReason: string;
  readonly ResetCode: number;
  readonly Foreign: number;
}

/** What its server says. */
interface Said {
  readonly Port?: number;
  readonly StreamCode?: number;
  readonly Path?: string;
  readonly Code?: number;
  readonly Reason?: string;
  readonly Remote?: boolean;
}

async function heard(stream: ReadableStream<Uint8Array<ArrayBufferLike>>): Promise<string> {
  let text = "";
  for await (const piece of stream) text += new TextDecoder().decode(piece);
  return text;
}

async function first<T>(stream: ReadableStream<T>): Promise<T> {
  const reader = stream.getReader();
  const { value } = await within(reader.read(), PATIENCE);
  reader.releaseLock();
  return value!;
}

async function ask(session: WebTransportSession, text: string): Promise<string> {
  const stream = await session.createBidirectionalStream({ waitUntilAvailable: true });
  const writer = stream.writable.getWriter();
  await writer.write(encode(text));
  writer.close().catch(() => {});
  return await heard(stream.readable);
}

/** A session that has all that sessions have, with the server's answers to it. */
async function visit(url: (path: string) => string, said: () => Promise<Said>): Promise<void> {
  const options = { caCerts: [issued.caPem], localAddresses: ["127.0.0.1"] };
  const open = (path: string, headers: HeadersInit = {}) =>
    within(connectWebTransport(url(path), { ...options, headers }), PATIENCE);
  const session = await open("/echo");
  assert.equal(
    await heard((await first(session.incomingBidirectionalStreams)).readable),
    "welcome",
  );
  assert.equal(await ask(session, "question"), "question");
  const oneWay = (await session.createUnidirectionalStream()).getWriter();
  await oneWay.write(encode("one way"));
  oneWay.close().catch(() => {});
  assert.equal(await heard(await first(session.incomingUnidirectionalStreams)), "one way");
  await session.datagrams.writable.getWriter().write(Uint8Array.of(1, 2, 3));
  assert.deepEqual([...await first(session.datagrams.readable)], [1, 2, 3]);
  let next = 0;
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while (next < STREAMS) {
      const text = `stream ${next++}`;
      assert.equal(await within(ask(session, text), PATIENCE), text);
    }
  }));
  const broken = await session.createBidirectionalStream();
  const breaking = broken.writable.getWriter();
  await breaking.write(encode("a"));
  await first(broken.readable);
  broken.readable.cancel().catch(() => {});
  await breaking.abort(new WebTransportError("enough", { streamErrorCode: 4_000_000_231 }));
  assert.deepEqual(await said(), { StreamCode: 4_000_000_231 });
  session.close({ closeCode: 77, reason: "tschüß" });
  await within(session.closed, PATIENCE);
  assert.deepEqual(await said(), { Path: "/echo", Code: 77, Reason: "tschüß", Remote: true });

  const many = await open(`/many?${STREAMS}`);
  const texts = new Set<string>();
  const streams = many.incomingUnidirectionalStreams.getReader();
  while (texts.size < STREAMS) {
    texts.add(await heard((await within(streams.read(), PATIENCE)).value!));
  }
  many.close();

  const closing = await open("/close");
  await (await closing.createBidirectionalStream()).writable.getWriter().write(encode("go on"));
  const { closeCode, reason } = await within(closing.closed, PATIENCE);
  assert.deepEqual({ closeCode, reason }, { closeCode: 4_000_000_000, reason: "Schluß" });

  const resetting = await open("/reset");
  const { readable, writable } = await resetting.createBidirectionalStream();
  await writable.getWriter().write(encode("go on"));
  const isCode = (error: unknown) =>
    error instanceof WebTransportError && error.streamErrorCode === 0xffff_fffe;
  await assert.rejects(within(heard(readable), PATIENCE), isCode);
  resetting.close();

  const refused = open("/foreign", { origin: "https://foreign.example" });
  await assert.rejects(refused, ({ status }) => status === 403);
}

for (const credit of ["credit", "no credit"]) {
  Deno.test({
    name: `webtransport-go has sessions with our server, ${credit}`,
    ignore: missing !== undefined,
  }, async () => {
    const folder = await Deno.makeTempDir();
    try {
      const start = GoProgram.build("sessions", folder);
      await using site = await SessionSite.make(() => new Response(null, { status: 404 }));
      await Deno.writeTextFile(`${folder}/cert`, site.certPem);
      const numbers = [`${STREAMS}`, `${AT_ONCE}`];
      await using client = start("client", site.url(""), `${folder}/cert`, ...numbers, credit);
      assert.deepEqual(await within(client.next<Report>(), PATIENCE), {
        Opened: "welcome",
        Bidirectional: "question",
        Unidirectional: "one way",
        Datagram: [1, 2, 3],
        Echoed: STREAMS,
        Taken: STREAMS,
        CloseCode: 4_000_000_000,
        CloseReason: "Schluß",
        ResetCode: 0xffff_fffe,
        Foreign: 403,
      });
      assert.ok(site.codes.includes(4_000_000_231), `${site.codes}`);
      const { end } = site.ends.find(({ path }) => path === "/echo")!;
      assert.deepEqual(end, { closeCode: 77, reason: "tschüß" });
      assert.equal(site.ends.filter(({ path }) => path === "/foreign").length, 0);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });

  Deno.test({
    name: `our client has sessions with webtransport-go, ${credit}`,
    ignore: missing !== undefined,
  }, async () => {
    const folder = await Deno.makeTempDir();
    try {
      const start = GoProgram.build("sessions", folder);
      await Deno.writeTextFile(`${folder}/cert`, issued.certPem);
      await Deno.writeTextFile(`${folder}/key`, issued.keyPem);
      await using server = start("server", `${folder}/cert`, `${folder}/key`, credit);
      const said = () => within(server.next<Said>(), PATIENCE);
      const { Port: port } = await said();
      await visit((path) => `https://localhost:${port}${path}`, said);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}
