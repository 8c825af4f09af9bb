import assert from "node:assert/strict";
import { applicationErrorWord, transportErrorWord } from "../../src/qlog/events.ts";
import { LoggedHeader, Qlog } from "../../src/qlog/qlog.ts";
import { QlogWriter } from "../../src/qlog/writer.ts";
import { checkTrace, readTrace, type TraceEvent } from "./read_trace.ts";

/** What some calls write, checked against the drafts. */
function written(calls: (qlog: Qlog) => void): readonly TraceEvent[] {
  let text = "";
  const sink = { write: (record: string) => (text += record, true) };
  calls(new Qlog(new QlogWriter(sink, { role: "server", group: "ab", start: 0, epoch: 0 })));
  const trace = readTrace(text);
  checkTrace(trace);
  return trace.events;
}

Deno.test("Qlog.connectionClosed() tells which end closed, and why", () => {
  const close = (by: "local" | "peer" | "timeout" | "reset", application: boolean, code: number) =>
    written((qlog) => qlog.connectionClosed(1, { by, application, code, reason: "" }))[0]!.data;
  assert.deepEqual(close("peer", false, 0x0a), {
    initiator: "remote",
    connection_error: "protocol_violation",
    trigger: "error",
  });
  assert.deepEqual(close("local", false, 0x128), {
    initiator: "local",
    connection_error: "crypto_error_0x128",
    trigger: "error",
  });
  assert.deepEqual(close("local", true, 99), {
    initiator: "local",
    application_error: "unknown",
    error_code: 99,
    trigger: "application",
  });
  assert.equal(close("local", false, 0x3e76).error_code, 0x3e76);
  assert.deepEqual(close("timeout", false, 0), { trigger: "idle_timeout" });
  assert.deepEqual(close("reset", false, 0), { trigger: "stateless_reset" });
});

Deno.test("transportErrorWord() knows the words of the draft, and TLS alerts", () => {
  assert.equal(transportErrorWord(0), "no_error");
  assert.equal(transportErrorWord(0x10), "no_viable_path");
  assert.equal(transportErrorWord(0x100), "unknown");
  assert.equal(transportErrorWord(0x101), "crypto_error_0x101");
  assert.equal(transportErrorWord(0x1ff), "crypto_error_0x1ff");
  assert.equal(transportErrorWord(2 ** 53 - 1), "unknown");
});

Deno.test("applicationErrorWord() knows the words of HTTP/3, where that is spoken", () => {
  assert.equal(applicationErrorWord("h3", 0x100), "http_no_error");
  assert.equal(applicationErrorWord("h3", 0x10d), "http_request_incomplete");
  assert.equal(applicationErrorWord("h3", 0x10e), "unknown"); // the draft has no word for it
  assert.equal(applicationErrorWord("h3", 0x110), "http_version_fallback");
  assert.equal(applicationErrorWord("h3", 0x111), "unknown");
  assert.equal(applicationErrorWord("h3", 0xff), "unknown");
  assert.equal(applicationErrorWord("chat", 0x100), "unknown");
  assert.equal(applicationErrorWord(undefined, 0x100), "unknown");
});

Deno.test("Qlog.connectionClosed() names the codes of HTTP/3, once that was agreed on", () => {
  const close = { by: "peer", application: true, code: 0x107, reason: "" } as const;
  const [before, , after] = written((qlog) => {
    qlog.connectionClosed(1, close);
    qlog.alpn(1, "h3");
    qlog.connectionClosed(1, close);
  });
  assert.deepEqual(before!.data, {
    initiator: "remote",
    application_error: "unknown",
    error_code: 0x107,
    trigger: "application",
  });
  assert.deepEqual(after!.data, {
    initiator: "remote",
    application_error: "http_excessive_load",
    trigger: "application",
  });
});

Deno.test("Qlog.event() cuts what is long, leaves out what is unknown, and escapes the rest", () => {
  let text = "";
  const sink = { write: (record: string) => (text += record, true) };
  const qlog = new Qlog(new QlogWriter(sink, { role: "client", start: 10, epoch: 0 }), "ab");
  qlog.event(12.5, "x:y", {
    long: "\x1e".repeat(1_000),
    list: new Array(1_000).fill({ a: "b".repeat(1_000) }),
    'quote"d': [undefined, NaN, 1],
    none: undefined,
    infinite: Infinity,
  });
  const [{ name, time, data, group_id: group }] = readTrace(text).events as [TraceEvent];
  assert.deepEqual([name, time, group], ["x:y", 2.5, "ab"]);
  assert.equal(data.long.length, 256);
  assert.equal(data.list.length, 256);
  assert.equal(data.list[255].a.length, 256);
  assert.deepEqual(data['quote"d'], [null, null, 1]);
  assert.deepEqual(Object.keys(data), ["long", "list", 'quote"d']);
});

Deno.test("Qlog.event() leaves nothing behind of data that JSON cannot hold", () => {
  const [event] = written((qlog) => {
    assert.throws(() => qlog.event(1, "x:y", { a: 1n }), TypeError);
    qlog.keyDiscarded(2, "client_initial_secret");
  });
  assert.equal(event!.name, "quic:key_discarded");
});

Deno.test("Qlog writes headers as the draft names their fields", () => {
  const header = new LoggedHeader();
  header.type = 0;
  header.version = 0x6b33_43cf;
  header.destinationId = "0011223344556677";
  header.sourceId = "";
  header.tokenLength = 20;
  const [initial] = written((qlog) => qlog.packetDropped(1, header, 1_200, "decryption_failure"));
  assert.deepEqual(initial!.data, {
    header: {
      packet_type: "initial",
      version: "6b3343cf",
      dcil: 8,
      dcid: "0011223344556677",
      scil: 0,
      scid: "",
      token: { raw: { length: 20 } },
    },
    raw: { length: 1_200 },
    trigger: "decryption_failure",
  });
  const short = new LoggedHeader();
  short.type = 4;
  short.number = 2 ** 40;
  short.pathId = 3;
  const [lost] = written((qlog) => qlog.packetLost(1, "2", short, "time_threshold", true));
  assert.deepEqual(lost!.data, {
    header: { packet_type: "1RTT", packet_number: 2 ** 40, path_id: 3 },
    is_mtu_probe_packet: true,
    trigger: "time_threshold",
  });
  assert.equal(lost!.tuple, "2");
});

Deno.test("Qlog.tupleAssigned() gives addresses of either family, or takes the name back", () => {
  const v4 = { hostname: "192.0.2.1", port: 443 };
  const v6 = { hostname: "2001:db8::1", port: 5_000 };
  const [assigned, released] = written((qlog) => {
    qlog.tupleAssigned(1, "1", 4, v6, v4, "aabb");
    qlog.tupleAssigned(2, "1", 4);
  });
  assert.deepEqual(assigned!.data, {
    tuple_id: "1",
    path_id: 4,
    tuple_remote: { ip_v4: "192.0.2.1", port_v4: 443, connection_ids: ["aabb"] },
    tuple_local: { ip_v6: "2001:db8::1", port_v6: 5_000 },
  });
  assert.deepEqual(released!.data, { tuple_id: "1", path_id: 4 });
});
