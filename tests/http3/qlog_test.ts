import assert from "node:assert/strict";
import type { EventData } from "../../src/api/stats/event_log.ts";
import { concatBytes } from "../../src/bytes/bytes.ts";
import { H3Client } from "../../src/http3/client/client.ts";
import { prioritize, responseDatagrams } from "../../src/http3/client/client_exchange.ts";
import { fetch } from "../../src/http2/fetch.ts";
import { frame, varints } from "../../src/http3/wire/frame.ts";
import { serve } from "../../src/http3/server/serve.ts";
import { serveConnection } from "../../src/http3/server/server.ts";
import type { RequestHandler } from "../../src/http3/handler.ts";
import { checkHttp3, checkTrace, readTrace, type TraceEvent } from "../qlog/read_trace.ts";
import { TEST_CERTIFICATE, TEST_KEY } from "../../src/sim/test_certificate.ts";
import { MemoryTransport } from "./memory_transport.ts";
import { dataFrame, getLines, headersFrame, type Lines, RawPeer, within } from "./raw_peer.ts";

type Event = Pick<TraceEvent, "name" | "data">;

const url = "https://localhost/path?query=1";

/** Both ends of a connection, and what each tells its log, checked against the draft. */
class LoggedPair {
  readonly client: MemoryTransport;
  readonly server: MemoryTransport;
  readonly events: Record<"client" | "server", Event[]> = { client: [], server: [] };

  constructor() {
    [this.client, this.server] = MemoryTransport.pair();
    for (const side of ["client", "server"] as const) {
      const write = (name: string, data: EventData) => {
        // As a trace holds it: what is not known is left out.
        const event = { name, data: JSON.parse(JSON.stringify(data)) };
        checkHttp3(event);
        this.events[side].push(event);
      };
      Object.assign(this[side], { qlog: { write } });
    }
  }

  /** The data of all events of a name. */
  named(side: "client" | "server", name: string): Event["data"][] {
    return this.events[side].filter((event) => event.name === `http3:${name}`)
      .map(({ data }) => data);
  }

  /** The frames on one stream. */
  frames(side: "client" | "server", name: "created" | "parsed", id: number): Event["data"][] {
    return this.named(side, `frame_${name}`).filter((data) => data.stream_id === id)
      .map((data) => data.frame);
  }
}

function moment(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 10));
}

function fieldsOf(frame: Event["data"]): Record<string, string> {
  return Object.fromEntries(
    frame.headers.map(({ name, value }: Record<string, string>) => [name, value]),
  );
}

/** A server that logs, and a peer without manners. */
function attacked(handler?: RequestHandler): { pair: LoggedPair; peer: RawPeer } {
  const pair = new LoggedPair();
  serveConnection(pair.server, handler ?? (() => new Response("fine")));
  return { pair, peer: new RawPeer(pair.client) };
}

Deno.test("A trace tells of a request with body and trailers, frame by frame at both ends", async () => {
  const pair = new LoggedPair();
  serveConnection(pair.server, async (request, info) => {
    info.sendInformational(103, new Headers({ link: "</a>" }));
    info.sendTrailers(new Headers({ "x-sum": String((await request.bytes()).length) }));
    return new Response("12345", { headers: { "x-a": "b" } });
  });
  const client = new H3Client(pair.client);
  const body = new ReadableStream({
    start(controller) {
      for (const size of [10, 3_000]) controller.enqueue(new Uint8Array(size));
      controller.close();
    },
  });
  const request = new Request(url, { method: "POST", body, headers: { "x-c": "d" } });
  const trailers = new Headers({ "x-end": "1" });
  const response = await within(client.fetch(request, { trailers }));
  assert.equal(await response.text(), "12345");
  await client.close();
  for (const [sender, receiver] of [["client", "server"], ["server", "client"]] as const) {
    const created = pair.frames(sender, "created", 0);
    assert.deepEqual(created, pair.frames(receiver, "parsed", 0));
    const sizes = created.map(({ frame_type: type, raw }) =>
      type === "data" ? [raw.length, raw.payload_length] : type
    );
    assert.deepEqual(
      sizes,
      sender === "client"
        ? ["headers", [12, 10], [3_003, 3_000], "headers"]
        : ["headers", "headers", [7, 5], "headers"],
    );
  }
  const [head, , , end] = pair.frames("server", "parsed", 0);
  const fields = fieldsOf(head);
  assert.equal(fields[":method"], "POST");
  assert.equal(fields[":path"], "/path?query=1");
  assert.equal(fields["x-c"], "d");
  assert.deepEqual(end.headers, [{ name: "x-end", value: "1" }]);
  const [early, final] = pair.frames("client", "parsed", 0);
  assert.deepEqual(early.headers, [{ name: ":status", value: "103" }, {
    name: "link",
    value: "</a>",
  }]);
  assert.equal(fieldsOf(final)[":status"], "200");
});

Deno.test("A trace tells what both ends announce, and which streams there are", async () => {
  const pair = new LoggedPair();
  serveConnection(pair.server, () => new Response("x"), {
    maxFieldSectionSize: 9_000,
    datagrams: true,
    onConnect: () => new Response(),
  });
  const client = new H3Client(pair.client, { qpackTableCapacity: 0, qpackBlockedStreams: 0 });
  await (await within(client.fetch(new Request(url)))).text();
  await moment();
  const ours = {
    "max_field_section_size": 65_536,
    "max_table_capacity": 0,
    "blocked_streams_count": 0,
  };
  const theirs = {
    "max_field_section_size": 9_000,
    "max_table_capacity": 4_096,
    "blocked_streams_count": 16,
  };
  const none = { "extended_connect": 0, "h3_datagram": 0 };
  const both = { "extended_connect": 1, "h3_datagram": 1 };
  const waits = { "waits_for_settings": false };
  assert.deepEqual(pair.named("client", "parameters_set"), [
    { initiator: "local", ...ours, ...none, ...waits },
    { initiator: "remote", ...theirs, ...both },
  ]);
  assert.deepEqual(pair.named("server", "parameters_set"), [
    { initiator: "local", ...theirs, ...both, ...waits },
    { initiator: "remote", ...ours, ...none },
  ]);
  const streams = (side: "client" | "server") =>
    pair.named(side, "stream_type_set").map((data) =>
      `${data.initiator} ${data.stream_id} ${data.stream_type}`
    ).sort();
  assert.deepEqual(streams("client"), [
    "local 0 request",
    "local 2 control",
    "remote 3 control",
  ]);
  assert.deepEqual(streams("server"), [
    "local 3 control",
    "remote 0 request",
    "remote 2 control",
  ]);
  const [settings, reserved] = pair.frames("client", "parsed", 3);
  const [sent] = pair.frames("server", "created", 3);
  assert.deepEqual(settings, sent);
  const names = settings.settings.map(({ name }: Record<string, string>) => name);
  assert.deepEqual(names, [
    "settings_qpack_max_table_capacity",
    "settings_max_field_section_size",
    "settings_qpack_blocked_streams",
    "settings_enable_connect_protocol",
    "settings_h3_datagram",
    "reserved",
  ]);
  assert.equal(settings.raw.length, settings.raw.payload_length + 2);
  assert.equal(reserved.frame_type, "reserved");
});

Deno.test("A trace names the streams of QPACK once they are used", async () => {
  const pair = new LoggedPair();
  serveConnection(pair.server, () => new Response("x"));
  const client = new H3Client(pair.client);
  for (let i = 0; i < 3; i++) {
    const headers = { "x-long-name": "a value that comes again and again" };
    await (await within(client.fetch(new Request(url, { headers })))).text();
    await moment();
  }
  const types = pair.named("server", "stream_type_set").map((data) =>
    `${data.initiator} ${data.stream_type}`
  );
  assert.ok(types.includes("remote qpack_encode"), types.join());
  assert.ok(types.includes("local qpack_decode"), types.join());
});

Deno.test("A trace tells of priorities as they are set and as they change", async () => {
  const pair = new LoggedPair();
  serveConnection(pair.server, () => new Response(new ReadableStream()));
  const client = new H3Client(pair.client);
  const response = await within(client.fetch(new Request(url), { urgency: 1 }));
  prioritize(response, { urgency: 5, incremental: true });
  await within(client.fetch(new Request(url)));
  await moment();
  assert.deepEqual(pair.named("client", "priority_updated"), [
    { stream_id: 0, new: "u=1", trigger: "local" },
    { stream_id: 0, old: "u=1", new: "u=5, i", trigger: "local" },
  ]);
  const received = { trigger: "client_signal_received", reason: "client_signal_only" };
  assert.deepEqual(pair.named("server", "priority_updated"), [
    { stream_id: 0, new: "u=1", ...received },
    { stream_id: 0, old: "u=1", new: "u=5, i", ...received },
  ]);
  const update = {
    "frame_type": "priority_update",
    "stream_id": 0,
    "priority_field_value": "u=5, i",
  };
  assert.deepEqual(pair.frames("client", "created", 2).at(-1), update);
  assert.deepEqual(pair.frames("server", "parsed", 2).at(-1), update);
});

Deno.test("A trace tells of a priority that came before its request, once that is there", async () => {
  const { pair, peer } = attacked();
  const update = frame(0xf0700, concatBytes(varints(0), new TextEncoder().encode("u=0, x=9")));
  await peer.settings(update);
  await moment();
  assert.equal(pair.named("server", "priority_updated").length, 0);
  await peer.request(headersFrame([...getLines, ["priority", "u=6"]]));
  assert.deepEqual(pair.named("server", "priority_updated").map((data) => data.new), ["u=0"]);
});

Deno.test("A trace tells of datagrams of requests", async () => {
  const pair = new LoggedPair();
  serveConnection(pair.server, async (_, info) => {
    await info.datagrams!.send((await info.datagrams!.read())!);
    return new Response(new ReadableStream());
  }, { datagrams: true });
  const client = new H3Client(pair.client, { datagrams: true });
  for (let i = 0; i < 2; i++) {
    const fetching = client.fetch(new Request(url));
    await moment();
    await pair.client.sendDatagram(concatBytes(varints(i), new Uint8Array(100)));
    const datagrams = responseDatagrams(await within(fetching))!;
    assert.equal((await within(datagrams.read()))!.length, 100);
  }
  const second = { "quarter_stream_id": 1, raw: { length: 101, "payload_length": 100 } };
  for (const [side, name] of [["server", "parsed"], ["server", "created"], ["client", "parsed"]]) {
    const events = pair.named(side as "client" | "server", `datagram_${name}`);
    assert.equal(events.length, 2, `${side} ${name}`);
    assert.deepEqual(events[1], second);
  }
});

Deno.test("A trace leaves out the values that would let its readers act for a user", async () => {
  const { pair, peer } = attacked(() =>
    new Response("", { headers: { "set-cookie": "id=sesame" } })
  );
  const secrets: Lines = [
    ["authorization", "Bearer sesame"],
    ["cookie", "id=sesame; a long one that tables may hold"],
    ["proxy-authorization", "Basic sesame"],
    ["x-other", "shown"],
  ];
  await peer.settings();
  await peer.request(headersFrame([...getLines, ...secrets]));
  await peer.request(headersFrame([["Cookie", "sesame"]])); // malformed, and still a secret
  assert.ok(!JSON.stringify(pair.events.server).includes("sesame"));
  const [head] = pair.frames("server", "parsed", 0);
  assert.deepEqual(head.headers.slice(4), [
    { name: "authorization" },
    { name: "cookie" },
    { name: "proxy-authorization" },
    { name: "x-other", value: "shown" },
  ]);
  const [answer] = pair.frames("server", "created", 0);
  assert.ok(answer.headers.some((field: Event["data"]) => field.name === "set-cookie"));
});

Deno.test("A trace leaves out what its sender lets no table hold", async () => {
  const { pair, peer } = attacked();
  await peer.settings();
  // RFC 9204, Section 4.5.6: a literal with the bit that says never to index it.
  const literal = new Uint8Array([0b0011_0001, ...new TextEncoder().encode("k"), 2, 0x37, 0x38]);
  const head = headersFrame(getLines);
  const section = concatBytes(head.subarray(2), literal);
  await peer.request(frame(0x01, section));
  assert.deepEqual(pair.frames("server", "parsed", 0)[0].headers.at(-1), { name: "k" });
});

Deno.test("A trace shows what a malformed request says, as bytes where it is no text", async () => {
  const { pair, peer } = attacked();
  await peer.settings();
  const lines: Lines = [["x-a", 'quote " and \\'], ["x\n\x1eb", "c\r\nd"], ["x-c", "caf\xe9"]];
  const outcome = await peer.request(headersFrame([...getLines, ...lines]));
  assert.equal(outcome.kind, "reset");
  assert.deepEqual(pair.frames("server", "parsed", 0)[0].headers.slice(4), [
    { name: "x-a", value: 'quote " and \\' },
    { name_bytes: "780a1e62", value_bytes: "630d0a64" },
    { name: "x-c", value: "caf\xe9" },
  ]);
});

Deno.test("A trace stays short for a section of hundreds of fields", async () => {
  const { pair, peer } = attacked();
  await peer.settings();
  const many: Lines = Array.from({ length: 500 }, (_, i) => [`x-${i}`, ""]);
  await peer.request(headersFrame([...getLines, ...many]));
  const [head] = pair.frames("server", "parsed", 0);
  assert.equal(head.headers.length, 64);
  assert.equal(head.fields_left_out, 440);
});

Deno.test("A trace tells of frames and streams that mean nothing", async () => {
  const { pair, peer } = attacked();
  await peer.settings(
    frame(0x21, new Uint8Array(3)),
    frame(0x0d, varints(7)),
    frame(0x4242, varints(1)),
  );
  await peer.open(0x21 + 0x1f * 1_000);
  await peer.open(0x54, new Uint8Array(10));
  const unknown = frame(0x4242, new Uint8Array(300));
  await peer.request(unknown, headersFrame(getLines), dataFrame(""), frame(0x40, varints(5)));
  await moment();
  const control = pair.frames("server", "parsed", 2);
  assert.deepEqual(control.map(({ frame_type: type }) => type), [
    "settings",
    "reserved",
    "max_push_id",
    "unknown",
  ]);
  assert.deepEqual(control[1].raw, { length: 5, payload_length: 3 });
  assert.equal(control[2].push_id, 7);
  const request = pair.frames("server", "parsed", 0);
  assert.deepEqual(request[0], {
    frame_type: "unknown",
    frame_type_bytes: 0x4242,
    raw: { length: 306, payload_length: 300 },
  });
  const types = pair.named("server", "stream_type_set").map((data) =>
    [data.stream_type, data.stream_type_bytes].join(" ").trim()
  );
  assert.deepEqual(types.filter((type) => /reserved|unknown/.test(type)).sort(), [
    "reserved",
    "unknown 84",
  ]);
});

Deno.test("A trace shows the frame for which a connection was closed", async () => {
  const cases: readonly [bytes: Uint8Array, code: number, frame: Record<string, unknown>][] = [
    [frame(0x03, varints(9)), 0x108, { frame_type: "cancel_push", push_id: 9 }],
    [frame(0xf0701, varints(2)), 0x108, {
      frame_type: "priority_update",
      push_id: 2,
      priority_field_value: "",
    }],
    [frame(0x06, varints(1)), 0x105, {
      frame_type: "unknown",
      frame_type_bytes: 6,
      raw: { length: 3, payload_length: 1 },
    }],
  ];
  for (const [bytes, code, shown] of cases) {
    const { pair, peer } = attacked();
    await peer.settings(bytes);
    assert.equal(await peer.closeCode(), code);
    assert.deepEqual(pair.frames("server", "parsed", 2).at(-1), shown);
  }
  const { pair, peer } = attacked();
  await peer.open(0x00, frame(0x04, varints(0x33, 2, 0x9999, 2 ** 40)));
  assert.equal(await peer.closeCode(), 0x109);
  assert.deepEqual(pair.frames("server", "parsed", 2)[0].settings, [
    { name: "settings_h3_datagram", value: 2 },
    { name: "unknown", name_bytes: 0x9999, value: 2 ** 40 },
  ]);
  assert.equal(pair.named("server", "parameters_set").length, 1, "only ours");
});

Deno.test("A trace tells which end goes away", async () => {
  const pair = new LoggedPair();
  const server = serveConnection(pair.server, () => new Response(new ReadableStream()));
  const client = new H3Client(pair.client);
  await within(client.fetch(new Request(url)));
  server.shutdown();
  client.close();
  await moment();
  const goAway = (id: number) => ({ frame_type: "goaway", id });
  assert.deepEqual(pair.frames("server", "created", 3).at(-1), goAway(4));
  assert.deepEqual(pair.frames("client", "parsed", 3).at(-1), goAway(4));
  assert.deepEqual(pair.frames("client", "created", 2).at(-1), goAway(0));
  assert.deepEqual(pair.frames("server", "parsed", 2).at(-1), goAway(0));
});

/** A stream that keeps what is written, and says when it is closed. */
function collector() {
  const closed = Promise.withResolvers<void>();
  let text = "";
  const stream = new WritableStream<string>({
    write: (chunk) => void (text += chunk),
    close: () => closed.resolve(),
  });
  const read = async () => {
    const keepAlive = setTimeout(() => {}, 10_000);
    await closed.promise;
    clearTimeout(keepAlive);
    return readTrace(text);
  };
  return { stream, read };
}

Deno.test("Traces of fetch() and serve() hold the events of QUIC and HTTP/3 in their order", async () => {
  const traces = { client: collector(), server: collector() };
  {
    await using server = serve({
      port: 0,
      localAddresses: ["127.0.0.1"],
      cert: TEST_CERTIFICATE,
      key: TEST_KEY,
      qlog: () => traces.server.stream,
    }, async (request) => new Response(await request.text()));
    const response = await fetch(`https://127.0.0.1:${server.addr.port}/echo`, {
      method: "POST",
      body: "hello",
      headers: { authorization: "Bearer secret" },
      serverName: "server.test",
      caCerts: [TEST_CERTIFICATE],
      idleTimeout: 10,
      qlog: () => traces.client.stream,
    });
    assert.equal(await response.text(), "hello");
  }
  for (const side of ["client", "server"] as const) {
    const trace = await traces[side].read();
    checkTrace(trace);
    assert.ok(!JSON.stringify(trace).includes("Bearer"));
    const frames = trace.events.filter(({ name, data }) =>
      name.startsWith("http3:frame_") && data.stream_id === 0
    ).map(({ name, data }) => `${name.slice(12)} ${data.frame.frame_type}`);
    const sent = ["created headers", "created data"];
    const got = ["parsed headers", "parsed data"];
    assert.deepEqual(frames, side === "client" ? [...sent, ...got] : [...got, ...sent]);
    const [closed] = trace.events.filter(({ name }) => name === "quic:connection_closed");
    assert.equal(closed!.data.application_error, "http_no_error");
  }
});

Deno.test("A trace that takes nothing holds up no request", async () => {
  const stuck = () => new WritableStream<string>({ write: () => new Promise(() => {}) });
  await using server = serve({
    port: 0,
    localAddresses: ["127.0.0.1"],
    cert: TEST_CERTIFICATE,
    key: TEST_KEY,
    qlog: stuck,
  }, () => new Response(new Uint8Array(1_000_000)));
  const response = await fetch(`https://127.0.0.1:${server.addr.port}/`, {
    serverName: "server.test",
    caCerts: [TEST_CERTIFICATE],
    idleTimeout: 10,
    qlog: stuck,
  });
  assert.equal((await response.bytes()).length, 1_000_000);
});
