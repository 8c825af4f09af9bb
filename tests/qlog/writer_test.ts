import assert from "node:assert/strict";
import { EventName } from "../../src/qlog/events.ts";
import { Qlog } from "../../src/qlog/qlog.ts";
import { QlogWriter } from "../../src/qlog/writer.ts";
import { checkTrace, readTrace } from "./read_trace.ts";

const info = { role: "client", group: "0102", start: 1_000, epoch: 1_800_000_000_000 } as const;

/** A sink that takes so many records. */
class Sink {
  text = "";
  room: number;
  closed = 0;

  constructor(room = Infinity) {
    this.room = room;
  }

  write(record: string): boolean {
    if (this.room <= 0) return false;
    this.room--;
    this.text += record;
    return true;
  }

  close(): void {
    this.closed++;
  }
}

Deno.test("QlogWriter says first what the trace is, and when it began", () => {
  const sink = new Sink();
  const qlog = new Qlog(new QlogWriter(sink, info));
  assert.equal(sink.text, "", "a connection that says nothing leaves no trace");
  qlog.mtu(1_012.3456, "", 1_200, 1_452);
  const trace = readTrace(sink.text);
  checkTrace(trace);
  const fields = trace.header.trace.common_fields;
  assert.equal(fields.group_id, "0102");
  assert.equal(fields.reference_time.wall_clock_time, "2027-01-15T08:00:01.000Z");
  assert.deepEqual(trace.events, [
    { time: 12.346, name: EventName.MtuUpdated, data: { old: 1_200, new: 1_452 } },
  ]);
});

Deno.test("QlogWriter counts what a slow sink does not take, and the trace tells of it", () => {
  const sink = new Sink(3);
  const writer = new QlogWriter(sink, info);
  const qlog = new Qlog(writer);
  for (let i = 0; i < 10; i++) qlog.mtu(1_000 + i, "", 0, i);
  assert.equal(writer.dropped, 8);
  sink.room = Infinity;
  qlog.mtu(1_010, "", 0, 10);
  qlog.mtu(1_011, "", 0, 11);
  const { events } = readTrace(sink.text);
  assert.deepEqual(events.map(({ name }) => name), [
    "quic:mtu_updated",
    "quic:mtu_updated",
    "loglevel:warning",
    "quic:mtu_updated",
    "quic:mtu_updated",
  ]);
  assert.match(events[2]!.data.message, /^8 events/);
  assert.equal(writer.dropped, 8, "what was told is not dropped again");
});

Deno.test("QlogWriter writes nothing before the first record was taken", () => {
  const sink = new Sink(0);
  const writer = new QlogWriter(sink, info);
  const qlog = new Qlog(writer);
  qlog.mtu(1_000, "", 0, 1);
  sink.room = Infinity;
  qlog.mtu(1_001, "", 0, 2);
  const { header, events } = readTrace(sink.text);
  assert.ok(header.file_schema);
  assert.deepEqual(events.map(({ name }) => name), ["loglevel:warning", "quic:mtu_updated"]);
});

Deno.test("QlogWriter.close() closes the sink once and takes nothing more", () => {
  const sink = new Sink();
  const qlog = new Qlog(new QlogWriter(sink, info));
  qlog.mtu(1_000, "", 0, 1);
  const { text } = sink;
  qlog.close();
  qlog.close();
  qlog.mtu(1_001, "", 0, 2);
  assert.equal(sink.closed, 1);
  assert.equal(sink.text, text);
});

Deno.test("Qlog with a group marks each event and leaves the shared trace open", () => {
  const sink = new Sink();
  const { group: _, ...shared } = info;
  const writer = new QlogWriter(sink, shared);
  const [one, two] = [new Qlog(writer, "aa"), new Qlog(writer, "bb")];
  one.mtu(1_000, "", 0, 1);
  two.mtu(1_001, "", 0, 2);
  one.close();
  two.mtu(1_002, "", 0, 3);
  const { header, events } = readTrace(sink.text);
  assert.ok(!("group_id" in header.trace.common_fields));
  assert.deepEqual(events.map((event) => event.group_id), ["aa", "bb", "bb"]);
  assert.equal(sink.closed, 0);
});
