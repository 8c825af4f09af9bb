import assert from "node:assert/strict";
import { concatBytes } from "../../src/bytes/bytes.ts";
import { serveTcp } from "../../src/http2/serve_tcp.ts";
import { cert, key } from "../http3/deno_quic.ts";
import { within } from "../http3/raw_peer.ts";
import { field, frame, Kind, PREFACE } from "./raw_frames.ts";
import { H2Stranger } from "./strangers.ts";

const END = 1;
const END_OF_FIELDS = 4;

/** A request whose content ends at once, or never. */
function request(method: string, stream: number, hasEnd: boolean): Uint8Array {
  const fields = Object.entries({ method, path: "/", scheme: "https", authority: "localhost" });
  const block = concatBytes(...fields.map(([name, value]) => field(`:${name}`, value)));
  return frame(Kind.Headers, END_OF_FIELDS | (hasEnd ? END : 0), stream, block);
}

/** What comes of a stream, in order; ends with a frame that ends it, or all that comes in a while. */
async function framesOf(port: number, asked: Uint8Array): Promise<string[]> {
  using conn = await Deno.startTls(await Deno.connect({ hostname: "127.0.0.1", port }), {
    hostname: "localhost",
    caCerts: [cert],
    alpnProtocols: ["h2"],
  });
  await conn.write(concatBytes(PREFACE, frame(Kind.Settings, 0, 0), asked));
  const seen: string[] = [];
  const ping = frame(Kind.Ping, 0, 0, new Uint8Array(8));
  const late = setTimeout(() => void conn.write(ping), 300); // what comes behind its answer is late
  const reader = conn.readable.getReader();
  let bytes = new Uint8Array();
  for (let isOver = false; !isOver;) {
    const { value } = await within(reader.read());
    if (value === undefined) break;
    bytes = concatBytes(bytes, value);
    for (let length; bytes.length >= 9 + (length = bytes[1]! * 256 + bytes[2]!);) {
      const [kind, flags, stream] = [bytes[3], bytes[4]!, bytes[8]];
      bytes = bytes.slice(9 + length);
      if (kind === Kind.Ping) isOver = true;
      if (stream === 0) continue;
      if (kind === Kind.Reset) seen.push("reset");
      else if (flags & END) seen.push("end");
    }
  }
  clearTimeout(late);
  return seen;
}

for (const body of ["no\n", null]) {
  const what = body === null ? "a response without content" : "a response";
  Deno.test(`serveTcp() ends ${what} over HTTP/2 before it declines the rest of a request`, async () => {
    const place = { port: 0, localAddresses: ["127.0.0.1"], cert, key };
    const answers: Promise<void>[] = [];
    await using server = await serveTcp(place, (_request, { completed }) => {
      answers.push(completed);
      return new Response(body, { status: 405 });
    });
    const { port } = server.addrs[0]!;
    // The content was not read, but there is none: nothing is to be declined.
    assert.deepEqual(await framesOf(port, request("DELETE", 1, true)), ["end"]);
    assert.deepEqual(await framesOf(port, request("POST", 1, false)), ["end", "reset"]);
    assert.equal(answers.length, 2);
    await within(Promise.all(answers));
  });
}

Deno.test("serveTcp() declines the rest of a request over HTTP/2 that it cannot answer", async () => {
  const place = { port: 0, localAddresses: ["127.0.0.1"], cert, key };
  await using server = await serveTcp(place, () => {
    throw new Error("The handler has failed");
  });
  const { port } = server.addrs[0]!;
  assert.deepEqual(await framesOf(port, request("POST", 1, false)), ["end", "reset"]);
  assert.deepEqual(await framesOf(port, request("TRACK", 1, false)), ["end", "reset"]);
});

Deno.test("a response with more fields than HTTP/2 carries fails, and its connection goes on", async () => {
  const place = { port: 0, localAddresses: ["127.0.0.1"], cert, key };
  const answers: Promise<void>[] = [];
  await using server = await serveTcp(place, ({ url }, { completed }) => {
    answers.push(completed);
    const headers = new Headers();
    const count = Number(new URL(url).searchParams.get("fields"));
    for (let i = 0; i < count; i++) headers.append("set-cookie", `${i}=${"v".repeat(1_000)}`);
    return new Response("fine", { headers });
  });
  await using stranger = await H2Stranger.connect(server.addrs[0]!.port);
  const statusOf = (fields: number) => {
    const stream = stranger.begin({ ":path": `/?fields=${fields}` });
    stream.end();
    return within(
      new Promise((resolve) => stream.on("response", (head) => resolve(head[":status"]))),
    );
  };
  assert.deepEqual([await statusOf(200), await statusOf(60), await statusOf(0)], [500, 200, 200]);
  await within(assert.rejects(answers[0]!, /Cannot respond with 20\d{4} bytes of fields/));
});
