import assert from "node:assert/strict";
import { concatBytes, fromHex } from "../../src/bytes/bytes.ts";
import { MultipathConnection } from "../../src/api/multipath_connection.ts";
import { StreamError } from "../../src/error/quic_error.ts";
import { H3Client } from "../../src/http3/client/client.ts";
import { frame, varints } from "../../src/http3/wire/frame.ts";
import { serve } from "../../src/http3/server/serve.ts";
import { serveConnection } from "../../src/http3/server/server.ts";
import type { H3Transport } from "../../src/http3/transport.ts";
import { cert, key } from "../http3/deno_quic.ts";
import { MemoryTransport } from "../http3/memory_transport.ts";
import {
  dataFrame,
  getLines,
  headersFrame,
  type Lines,
  RawPeer,
  within,
} from "../http3/raw_peer.ts";

// The cases of h3spec that concern HTTP/3 and QPACK, with its numbers: first a client that attacks
// our server, then a server that attacks our client.

/** What the attacker sends, before or as its message. */
interface Attack {
  /** What the control stream says instead of SETTINGS, or after it. */
  readonly control?: readonly Uint8Array[];
  /** Ends the control stream behind that. */
  readonly endControl?: boolean;
  /** A QPACK stream of this type, with these bytes. */
  readonly qpack?: readonly [type: number, bytes: Uint8Array];
  /** The request, or the response; a proper one if left out. */
  readonly message?: readonly Uint8Array[];
}

type Case = readonly [what: string, code: number, attack: Attack];

const none = new Uint8Array(0);
const settings = frame(0x04, none);
const get = headersFrame(getLines);
const ok: Lines = [[":status", "200"]];

/** Whatever the role, these end the connection. */
function connectionCases(headers: Uint8Array): Case[] {
  return [
    ["1: DATA before HEADERS", 0x105, { message: [dataFrame("x"), headers] }],
    ["7: DATA on the control stream", 0x105, { control: [settings, dataFrame("x")] }],
    ["8: HEADERS on the control stream", 0x105, { control: [settings, headers] }],
    ["9: a second SETTINGS", 0x105, { control: [settings, settings] }],
    ["-: a setting twice", 0x109, { control: [frame(0x04, varints(6, 1, 6, 1))] }],
    ["10: setting 0x2 of HTTP/2", 0x109, { control: [frame(0x04, varints(2, 0))] }],
    ["11: CANCEL_PUSH on a request stream", 0x105, { message: [frame(0x03, varints(0))] }],
    ["12: static index 99", 0x200, { message: [frame(0x01, fromHex("0000ff24"))] }],
    ["13: a capacity of 10 000 000 000", 0x201, { qpack: [2, fromHex("3fe1c7afa025")] }],
    ["14: the control stream is closed", 0x104, { control: [settings], endControl: true }],
    ["15: an Insert Count Increment of 0", 0x202, { qpack: [3, fromHex("00")] }],
  ];
}

const toServer: readonly Case[] = [
  ...connectionCases(get),
  ["6: MAX_PUSH_ID before SETTINGS", 0x10a, { control: [frame(0x0d, varints(1)), settings] }],
];

const toClient: readonly Case[] = [
  ...connectionCases(headersFrame(ok)),
  ["6: GOAWAY before SETTINGS", 0x10a, { control: [frame(0x07, varints(0)), settings] }],
  ["MAX_PUSH_ID from a server", 0x105, { control: [settings, frame(0x0d, varints(1))] }],
];

async function attackControl(
  peer: RawPeer<H3Transport>,
  { control, endControl, qpack }: Attack,
): Promise<void> {
  const writer = await peer.open(0x00, ...control ?? [settings]);
  if (endControl) await writer.close().catch(() => {});
  if (qpack) await peer.open(...qpack);
}

for (const [what, code, attack] of toServer) {
  Deno.test(`h3spec on an HTTP/3 server, ${what}`, async () => {
    const [client, server] = MemoryTransport.pair();
    serveConnection(server, () => new Response("ok"));
    const peer = new RawPeer(client);
    await attackControl(peer, attack);
    peer.request(...attack.message ?? [get]).catch(() => {});
    assert.equal(await peer.closeCode(), code);
  });

  Deno.test(`h3spec on an HTTP/3 server over multipath QUIC, ${what}`, async () => {
    await withRealServer(async (connection) => {
      const peer = new RawPeer(connection);
      await attackControl(peer, attack);
      peer.request(...attack.message ?? [get]).catch(() => {});
      assert.equal(await peer.closeCode(), code);
    });
  });
}

/** A connection that knows nothing of HTTP/3, to a server on the loopback interface. */
async function withRealServer(use: (connection: H3Transport) => Promise<void>): Promise<void> {
  const localAddresses = ["127.0.0.1"];
  await using server = serve({ port: 0, cert, key, localAddresses }, () => new Response("ok"));
  await using connection = await MultipathConnection.connect({
    hostname: "127.0.0.1",
    port: server.addr.port,
    serverName: "localhost",
    caCerts: [cert],
    localAddresses,
    alpnProtocols: ["h3"],
  });
  await use(connection);
}

for (const [what, code, attack] of toClient) {
  Deno.test(`h3spec on an HTTP/3 client, ${what}`, async () => {
    const { client, peer } = await victimClient(attack);
    client.fetch(new Request("https://localhost/")).then((response) => response.text())
      .catch(() => {});
    assert.equal(await peer.closeCode(), code);
  });
}

/** A client of ours at a server that attacks. */
async function victimClient(attack: Attack): Promise<{ client: H3Client; peer: RawPeer }> {
  const [transport, server] = MemoryTransport.pair();
  const client = new H3Client(transport);
  const peer = new RawPeer(server);
  answerAll(server, attack.message ?? [headersFrame(ok)]).catch(() => {});
  await attackControl(peer, attack);
  return { client, peer };
}

async function answerAll(server: MemoryTransport, message: readonly Uint8Array[]): Promise<void> {
  for await (const { writable } of server.incomingBidirectionalStreams) {
    const writer = writable.getWriter();
    writer.closed.catch(() => {});
    writer.write(concatBytes(...message)).catch(() => {});
    writer.close().catch(() => {});
  }
}

// 2 to 5: malformed messages end their stream, and nothing else.

const malformedRequests: readonly (readonly [what: string, lines: Lines])[] = [
  ["2: :method twice", [[":method", "GET"], ...getLines]],
  ["3: no :authority", getLines.filter(([name]) => name !== ":authority")],
  ["4: an unknown pseudo-header field", [...getLines, [":foo", "bar"]]],
  ["5: a pseudo-header field behind a field", [...getLines.slice(1), ["a", "b"], getLines[0]!]],
];

const malformedResponses: readonly (readonly [what: string, lines: Lines])[] = [
  ["2: :status twice", [...ok, ...ok]],
  ["3: no :status", [["a", "b"]]],
  ["4: an unknown pseudo-header field", [...ok, [":foo", "bar"]]],
  ["5: a pseudo-header field behind a field", [["a", "b"], ...ok]],
];

for (const [what, lines] of malformedRequests) {
  Deno.test(`h3spec on an HTTP/3 server, ${what}`, async () => {
    const [client, server] = MemoryTransport.pair();
    serveConnection(server, () => new Response("ok"));
    const peer = new RawPeer(client);
    await peer.settings();
    assert.deepEqual(await within(peer.request(headersFrame(lines))), {
      kind: "reset",
      code: 0x10e,
    });
    const after = await within(peer.request(get));
    assert.equal(after.kind === "response" && after.status, "200", "the connection goes on");
  });

  Deno.test(`h3spec on an HTTP/3 server over multipath QUIC, ${what}`, async () => {
    await withRealServer(async (connection) => {
      const peer = new RawPeer(connection);
      await peer.settings();
      const outcome = await within(peer.request(headersFrame(lines)));
      assert.deepEqual(outcome, { kind: "reset", code: 0x10e });
    });
  });
}

for (const [what, lines] of malformedResponses) {
  Deno.test(`h3spec on an HTTP/3 client, ${what}`, async () => {
    const { client } = await victimClient({ message: [headersFrame(lines)] });
    const failure = await within(client.fetch(new Request("https://localhost/")))
      .catch((error) => error);
    assert.ok(failure instanceof StreamError, String(failure));
    assert.equal(failure.code, 0x10e);
    assert.equal(client.isAccepting, true, "the connection goes on");
  });
}
