import assert from "node:assert/strict";
import type { H3BidirectionalStream } from "../../src/http3/transport.ts";
import { frame, varints } from "../../src/http3/wire/frame.ts";
import { FrameReader } from "../../src/http3/wire/frame_reader.ts";
import type { WebTransportSession } from "../../src/http3/webtransport/web_transport_session.ts";
import { dataFrame, outcome, within } from "../http3/raw_peer.ts";
import { RawClient, SETTINGS, write } from "./raw_client.ts";
import { bytes, first, heard, say } from "./session_pair.ts";

// Flow control of sessions: what a server of ours grants, and how it keeps to what it was granted.

const FLOW_CONTROL_ERROR = 0x045d_4487;
const MESSAGE_ERROR = 0x10e;
const MAX_DATA = 0x190b_4d3d;
const MAX_STREAMS_BIDI = 0x190b_4d3f;
const MAX_STREAMS_UNI = 0x190b_4d40;
const DATA_BLOCKED = 0x190b_4d41;
const STREAMS_BLOCKED_BIDI = 0x190b_4d43;
const STREAMS_BLOCKED_UNI = 0x190b_4d44;
/** What the server allows at first. */
const STREAMS = 100;
const WINDOW = 4_194_304;

/** A session whose client allows so much at first. */
async function limited(
  { data = 0, uni = 0, bidi = 0 },
): Promise<[client: RawClient, stream: H3BidirectionalStream, session: WebTransportSession]> {
  const limits = varints(0x2b61, data, 0x2b64, uni, 0x2b65, bidi);
  const client = await new RawClient().begin(new Uint8Array([...SETTINGS, ...limits]));
  return [client, ...await client.session()];
}

/** Reads the capsules that the server sends on the stream of a session. */
class Capsules {
  readonly #frames: FrameReader;
  #inner: FrameReader | undefined;

  constructor({ readable }: H3BidirectionalStream) {
    this.#frames = new FrameReader(readable);
  }

  /** The next capsule: its type, and the number that it holds. */
  async next(): Promise<[type: number, limit: number]> {
    return await within((async () => {
      const reader = this.#inner ??= new FrameReader(await this.#payload());
      assert.ok(await reader.next());
      const payload = await reader.payload(8);
      const limit = new FrameReader(new Response(payload).body!).varint();
      return [reader.type, await limit];
    })());
  }

  /** What is in all the DATA frames. */
  async #payload(): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    const frames = this.#frames;
    assert.ok(await frames.next());
    assert.equal(frames.type, 0x01, "the fields of the response come first");
    return new ReadableStream({
      async pull(controller) {
        assert.ok(await frames.next());
        controller.enqueue((await frames.payload(1_000)).slice());
      },
    }, { highWaterMark: 0 });
  }
}

Deno.test("a session opens as many streams as its client allows, and asks for more", async () => {
  const [, stream, session] = await limited({ uni: 1, bidi: 1, data: 1 });
  const capsules = new Capsules(stream);
  await session.createUnidirectionalStream();
  await assert.rejects(() => session.createUnidirectionalStream(), /allows no more now/);
  assert.deepEqual(await capsules.next(), [STREAMS_BLOCKED_UNI, 1]);
  await session.createBidirectionalStream();
  const waiting = session.createBidirectionalStream({ waitUntilAvailable: true });
  assert.deepEqual(await capsules.next(), [STREAMS_BLOCKED_BIDI, 1]);
  await write(stream, dataFrame(frame(MAX_STREAMS_BIDI, varints(2))));
  await within(waiting);
  await write(stream, dataFrame(frame(MAX_STREAMS_UNI, varints(3))));
  await within(session.createUnidirectionalStream({ waitUntilAvailable: true }));
});

Deno.test("a session sends as much as its client allows, in all streams together", async () => {
  const [client, stream, session] = await limited({ uni: 2, data: 4 });
  const capsules = new Capsules(stream);
  const incoming = client.transport.incomingUnidirectionalStreams.getReader();
  /** The next stream that is of the session, behind its header. */
  const next = async () => {
    for (;;) {
      const frames = new FrameReader((await within(incoming.read())).value!);
      if (await frames.streamType() === 0x54 && await frames.varint() === 0) return frames;
    }
  };
  void say(await session.createUnidirectionalStream(), "abc");
  const other = say(await session.createUnidirectionalStream(), "defgh");
  const [one, two] = [await next(), await next()];
  assert.deepEqual(await within(one.raw()), bytes("abc"));
  assert.deepEqual(await within(two.raw()), bytes("d"));
  assert.deepEqual(await capsules.next(), [DATA_BLOCKED, 4]);
  await write(stream, dataFrame(frame(MAX_DATA, varints(100))));
  assert.deepEqual(await within(two.raw()), bytes("efgh"));
  await within(other);
});

Deno.test("a server grants more streams and data as they are used", async () => {
  const [client, stream, session] = await limited({ uni: 1 });
  const capsules = new Capsules(stream);
  const reader = session.incomingUnidirectionalStreams.getReader();
  for (let i = 0; i < STREAMS / 2; i++) {
    await (await client.open(0x54, varints(0), bytes(`${i}`))).close();
    assert.equal(await heard((await within(reader.read())).value!), `${i}`);
  }
  assert.deepEqual(await capsules.next(), [MAX_STREAMS_UNI, STREAMS + STREAMS / 2]);
  const writer = await client.open(0x54, varints(0));
  const read = heard((await within(reader.read())).value!);
  const piece = new Uint8Array(65_536);
  let sent = 0;
  for (; sent <= WINDOW / 2; sent += piece.length) await writer.write(piece);
  await writer.close();
  await read;
  const [type, limit] = await capsules.next();
  assert.equal(type, MAX_DATA);
  assert.ok(limit >= WINDOW + WINDOW / 2 && limit < WINDOW + sent + 1_000, `${limit}`);
});

Deno.test("more streams than were allowed end a session with flow control [attack session-streams]", async () => {
  const [client, stream, session] = await limited({ uni: 1 });
  for (let i = 0; i <= STREAMS; i++) await client.open(0x54, varints(0));
  assert.deepEqual(await within(outcome(stream)), { kind: "reset", code: FLOW_CONTROL_ERROR });
  await assert.rejects(() => session.closed);
});

const bad: [what: string, capsules: Uint8Array[], code: number][] = [
  ["a lower limit of data", [frame(MAX_DATA, varints(9))], FLOW_CONTROL_ERROR],
  [
    "the same limit twice",
    [frame(MAX_DATA, varints(20)), frame(MAX_DATA, varints(20))],
    FLOW_CONTROL_ERROR,
  ],
  ["a lower limit of streams", [frame(MAX_STREAMS_UNI, varints(0))], FLOW_CONTROL_ERROR],
  ["too high a limit of streams", [frame(MAX_STREAMS_BIDI, varints(2 ** 61))], FLOW_CONTROL_ERROR],
  ["too many blocked streams", [frame(STREAMS_BLOCKED_UNI, varints(2 ** 61))], FLOW_CONTROL_ERROR],
  ["an empty limit", [frame(MAX_DATA, new Uint8Array(0))], MESSAGE_ERROR],
  ["a limit with more behind it", [frame(MAX_DATA, varints(50, 1))], MESSAGE_ERROR],
  ["a limit of nine bytes", [frame(MAX_DATA, new Uint8Array(9))], MESSAGE_ERROR],
];
for (const [what, capsules, code] of bad) {
  Deno.test(`${what} ends a session with flow control [attack session-capsules]`, async () => {
    const [client, stream, session] = await limited({ data: 10, uni: 2 });
    await write(stream, ...capsules.map((capsule) => dataFrame(capsule)));
    assert.deepEqual(await within(outcome(stream)), { kind: "reset", code });
    await assert.rejects(() => session.closed);
    assert.equal(client.transport.closeInfo, undefined, "the connection goes on");
  });
}

Deno.test("without flow control, capsules about it mean nothing", async () => {
  const client = await new RawClient().begin();
  const [stream, session] = await client.session();
  await write(stream, dataFrame(frame(MAX_STREAMS_BIDI, varints(2 ** 61))));
  await write(
    stream,
    dataFrame(frame(MAX_DATA, varints(0))),
    dataFrame(frame(MAX_DATA, varints(0))),
  );
  await session.createUnidirectionalStream();
  await client.open(0x54, varints(0), bytes("a"));
  const incoming = (await first(session.incomingUnidirectionalStreams)).getReader();
  assert.deepEqual((await within(incoming.read())).value, bytes("a"));
});
