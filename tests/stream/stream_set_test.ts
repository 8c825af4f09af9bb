import assert from "node:assert/strict";
import { ErrorCode } from "../../src/error/error_code.ts";
import { CLIENT_DEFAULTS } from "../../src/connection/config.ts";
import type { Role } from "../../src/error/role.ts";
import { Kind } from "../../src/stream/connection_credit.ts";
import type { PeerStreamLimits } from "../../src/stream/peer_stream_limits.ts";
import { StreamSet } from "../../src/stream/stream_set.ts";
import { deliver, pattern, TestSink } from "./sink.ts";

const LIMITS: PeerStreamLimits = {
  initialMaxData: 100_000,
  initialMaxStreamDataBidiLocal: 1000,
  initialMaxStreamDataBidiRemote: 2000,
  initialMaxStreamDataUni: 3000,
  initialMaxStreamsBidi: 2,
  initialMaxStreamsUni: 1,
};
const EMPTY = new Uint8Array(0);

function make(role: Role = "server", max = 4, limits: PeerStreamLimits | undefined = LIMITS) {
  const set = new StreamSet({
    role,
    maxBidirectionalStreams: max,
    maxUnidirectionalStreams: max,
    connectionWindow: 100_000,
    maxConnectionWindow: 100_000,
    streamWindow: 50_000,
    maxStreamWindow: 50_000,
  });
  if (limits) set.setPeerLimits(limits);
  return set;
}

function control(set: StreamSet, now = 0): { sink: TestSink; found: string[] } {
  const sink = new TestSink();
  const found: string[] = [];
  assert.equal(set.writeControlFrames(sink, now, 20), true);
  deliver(sink.bytes, {
    onMaxData: (limit) => found.push(`maxData ${limit}`),
    onMaxStreamData: (id, limit) => found.push(`maxStreamData ${id} ${limit}`),
    onMaxStreams: (both, limit) => found.push(`maxStreams ${both ? "bidi" : "uni"} ${limit}`),
    onDataBlocked: (limit) => found.push(`dataBlocked ${limit}`),
    onStreamDataBlocked: (id, limit) => found.push(`streamDataBlocked ${id} ${limit}`),
    onStreamsBlocked: (both, limit) =>
      found.push(`streamsBlocked ${both ? "bidi" : "uni"} ${limit}`),
    onStopSending: (id, code) => found.push(`stop ${id} ${code}`),
    onResetStream: (id, code, size) => found.push(`reset ${id} ${code} ${size}`),
  });
  return { sink, found };
}

function data(set: StreamSet, size = 1200): { sink: TestSink; found: string[] } {
  const sink = new TestSink(size);
  const found: string[] = [];
  set.writeStreamFrames(sink);
  deliver(sink.bytes, {
    onStream: (id, offset, bytes, fin) =>
      found.push(`${id}:${offset}+${bytes.length}${fin ? " fin" : ""}`),
  });
  return { sink, found };
}

function events(set: StreamSet): string[] {
  const found: string[] = [];
  for (let event; (event = set.nextEvent());) {
    found.push(event.type + ("stream" in event ? ` ${event.stream.id}` : ` ${event.kind}`));
  }
  return found;
}

Deno.test("StreamSet refuses frames for streams that cannot have them", () => {
  const one = new Uint8Array(1);
  const { StreamStateError, StreamLimitError, FlowControlError } = ErrorCode;
  const cases: [string, number, (set: StreamSet) => void][] = [
    ["h3spec 1", FlowControlError, (set) => set.onStream(0, 100_000_000, one, false)],
    ["h3spec 2", StreamLimitError, (set) => set.onStream(1_000_000_000, 0, one, false)],
    ["h3spec 16", StreamStateError, (set) => set.onResetStream(3, 0, 0)],
    ["h3spec 17", StreamStateError, (set) => set.onStopSending(101, 0)],
    ["h3spec 19", StreamStateError, (set) => set.onStream(1, 0, one, false)],
    ["h3spec 20", StreamStateError, (set) => set.onStream(3, 0, one, false)],
    ["h3spec 21", StreamStateError, (set) => set.onMaxStreamData(101, 9)],
    ["h3spec 22", StreamStateError, (set) => set.onMaxStreamData(2, 9)],
    ["STOP_SENDING, receive-only", StreamStateError, (set) => set.onStopSending(2, 9)],
    ["STREAM_DATA_BLOCKED, ours", StreamStateError, (set) => set.onStreamDataBlocked(3, 9)],
    ["STREAM_DATA_BLOCKED, none", StreamStateError, (set) => set.onStreamDataBlocked(1, 9)],
    ["fifth stream", StreamLimitError, (set) => set.onStopSending(16, 0)],
    ["fifth uni stream", StreamLimitError, (set) => set.onResetStream(18, 0, 0)],
    ["id near 2^53", StreamLimitError, (set) => set.onStream(2 ** 53 - 4, 0, one, false)],
  ];
  for (const [name, code, act] of cases) assert.throws(() => act(make()), { code }, name);
});

Deno.test("StreamSet.open() numbers streams and stops at the peer's limit", () => {
  const set = make("client");
  assert.deepEqual([set.open(Kind.Bidirectional)?.id, set.open(0)?.id], [0, 4]);
  assert.equal(set.open(Kind.Unidirectional)?.id, 2);
  assert.equal(set.open(0), undefined);
  assert.equal(set.open(0), undefined);
  assert.equal(set.open(1), undefined);
  const { sink, found } = control(set);
  assert.deepEqual(found, ["streamsBlocked bidi 2", "streamsBlocked uni 1"]);
  assert.deepEqual(control(set).found, []);
  sink.lost();
  assert.deepEqual(control(set).found, ["streamsBlocked bidi 2", "streamsBlocked uni 1"]);
  set.onMaxStreams(true, 2);
  assert.deepEqual(events(set), []);
  set.onMaxStreams(true, 3);
  assert.deepEqual(events(set), ["streamsAvailable 0"]);
  sink.lost();
  assert.deepEqual(control(set).found, ["streamsBlocked uni 1"]);
  assert.equal(set.open(0)?.id, 8);
});

Deno.test("StreamSet gives each kind of stream its own first limit", () => {
  const set = make("server");
  assert.equal(set.open(0)!.send!.limit.limit, 2000);
  assert.equal(set.open(1)!.send!.limit.limit, 3000);
  set.onStream(0, 0, EMPTY, false);
  assert.equal(set.find(0)!.send!.limit.limit, 1000);
});

Deno.test("StreamSet opens streams with lower numbers too, in order", () => {
  const set = make();
  set.onStream(8, 0, pattern(8, 0, 5), false);
  set.onStream(6, 0, EMPTY, false);
  assert.deepEqual(events(set), [
    "opened 0",
    "opened 4",
    "opened 8",
    "readable 8",
    "opened 2",
    "opened 6",
  ]);
  assert.equal(set.find(2)!.send, undefined);
});

Deno.test("StreamSet forgets finished streams, ignores late frames and raises MAX_STREAMS", () => {
  const set = make();
  set.onStream(0, 0, pattern(0, 0, 10), true);
  const { send, receive } = set.find(0)!;
  receive!.read(100);
  send!.finish();
  assert.equal(set.size, 1);
  data(set).sink.acked();
  assert.equal(set.size, 0);
  assert.deepEqual(control(set).found, ["maxStreams bidi 5"]);
  set.onStream(0, 0, pattern(0, 0, 10), true);
  set.onResetStream(0, 1, 10);
  set.onStopSending(0, 1);
  set.onMaxStreamData(0, 99);
  assert.equal(set.size, 0);
});

Deno.test("StreamSet grants no new stream before the application has seen the end of one", () => {
  const set = make("server", 4);
  for (const id of [2, 6, 10, 14]) set.onResetStream(id, 0, 0);
  assert.equal(set.size, 4);
  assert.equal(set.deadline, Infinity);
  assert.throws(() => set.onResetStream(18, 0, 0), { code: ErrorCode.StreamLimitError });
});

Deno.test("StreamSet slows a peer down that opens and resets without end [attack rapid-reset]", () => {
  const set = make("server", 100);
  let now = 0;
  let opened = 0;
  for (; now < 10_000; now++) {
    while (opened < set.credit.receiveStreams[1].limit) set.onResetStream(opened++ * 4 + 2, 0, 0);
    for (let event; (event = set.nextEvent());) {
      if (event.type === "readable") event.stream.receive!.read(1);
    }
    if (now >= set.deadline) set.expire(now);
    control(set, now);
  }
  assert.ok(opened >= 2000, `${opened}`);
  assert.ok(opened <= 100 + 200 + 200 * 10, `${opened}`);
  assert.ok(set.size <= 100);
});

Deno.test("StreamSet keeps no trace of 100,000 streams", () => {
  const set = make("server", 10);
  for (let i = 0; i < 100_000; i++) {
    set.onStream(i * 4 + 2, 0, pattern(0, 0, 3), true);
    for (let event; (event = set.nextEvent());) {
      if (event.type === "readable") event.stream.receive!.read(10);
    }
    control(set, i);
  }
  assert.equal(set.size, 0);
  assert.equal(set.credit.receive.consumed, 300_000);
});

Deno.test("StreamSet sends lost data while the connection has no credit, and fresh data later", () => {
  const set = make("client", 4, { ...LIMITS, initialMaxData: 1500 });
  const [a, b] = [set.open(0)!.send!, set.open(0)!.send!];
  a.write(pattern(0, 0, 1500));
  const first = data(set);
  data(set);
  b.write(pattern(4, 0, 100));
  assert.deepEqual(set.views, []);
  assert.equal(set.hasControlFrames, true);
  assert.deepEqual(control(set).found, ["dataBlocked 1500"]);
  assert.equal(set.hasControlFrames, false);
  first.sink.lost();
  assert.deepEqual(set.views, [a]);
  assert.deepEqual(data(set).found, first.found);
  set.onMaxData(1550);
  assert.deepEqual(set.views, [b]);
  assert.deepEqual(data(set).found, ["4:0+50"]);
  assert.deepEqual(control(set).found, ["dataBlocked 1550"]);
  set.onMaxData(9999);
  b.finish();
  assert.deepEqual(data(set).found, ["4:50+50 fin"]);
});

Deno.test("StreamSet.writeStreamFrames() fills one packet from several streams in turn", () => {
  const set = make("client", 4, { ...LIMITS, initialMaxStreamsBidi: 3 });
  const halves = [0, 1, 2].map(() => set.open(0)!.send!);
  for (const half of halves) half.write(pattern(half.id, 0, 500));
  assert.deepEqual(data(set).found, ["0:0+500", "4:0+500", "8:0+188"]);
  assert.deepEqual(data(set).found, ["8:188+312"]);
  for (const half of halves) half.write(pattern(half.id, 500, 1400));
  assert.deepEqual([0, 1, 2, 3].map(() => data(set).found[0]), [
    "0:500+1194",
    "4:500+1194",
    "8:500+1194",
    "0:1694+206",
  ]);
});

Deno.test("StreamSet.writeStreamFrames() draws only from the streams it is given", () => {
  const set = make("client");
  const [a, b] = [set.open(0)!.send!, set.open(0)!.send!];
  a.write(pattern(0, 0, 50));
  b.write(pattern(4, 0, 50));
  const sink = new TestSink();
  assert.equal(set.writeStreamFrames(sink, [b]), true);
  assert.equal(set.writeStreamFrames(sink, [b]), false);
  assert.deepEqual(set.views, [a]);
});

Deno.test("StreamSet.setPeerLimits() raises what was remembered for 0-RTT", () => {
  const set = make("client");
  const half = set.open(0)!.send!;
  half.write(pattern(0, 0, 5000));
  data(set);
  data(set);
  assert.deepEqual(set.views, []);
  set.setPeerLimits({ ...LIMITS, initialMaxStreamDataBidiRemote: 2500 });
  assert.deepEqual(data(set).found, ["0:2000+500"]);
});

Deno.test("StreamSet.onEarlyDataRejected() sends all again and holds back streams too many", () => {
  const set = make("client");
  const [a, b] = [set.open(0)!, set.open(0)!];
  a.send!.write(pattern(0, 0, 100));
  b.send!.write(pattern(4, 0, 100));
  a.send!.finish();
  b.receive!.stop(5);
  const early = data(set);
  assert.deepEqual(early.found, ["0:0+100 fin", "4:0+100"]);
  const less = { ...LIMITS, initialMaxStreamsBidi: 1, initialMaxStreamDataBidiRemote: 60 };
  set.onEarlyDataRejected({ ...less, initialMaxData: 1000 });
  early.sink.lost();
  assert.deepEqual(data(set).found, ["0:0+60"]);
  assert.deepEqual(control(set).found, ["streamDataBlocked 0 60"]);
  assert.equal(set.credit.send.used, 60);
  assert.equal(set.open(0), undefined);
  set.onMaxStreamData(0, 1000);
  set.onMaxStreams(true, 2);
  assert.deepEqual(data(set).found, ["4:0+60", "0:60+40 fin"]);
  assert.deepEqual(control(set).found, ["streamDataBlocked 4 60", "stop 4 5"]);
  assert.equal(set.credit.send.used, 160);
});

Deno.test("StreamSet.writeControlFrames() goes on in the next packet when one is full", () => {
  const set = make("client", 4, { ...LIMITS, initialMaxStreamsBidi: 50 });
  for (let i = 0; i < 50; i++) set.open(0)!.send!.reset(3);
  const seen = new Set<number>();
  let packets = 0;
  while (set.hasControlFrames) {
    const sink = new TestSink(40);
    set.writeControlFrames(sink, 0, 0);
    deliver(sink.bytes, { onResetStream: (id) => seen.add(id) });
    assert.ok(++packets < 20);
  }
  assert.equal(seen.size, 50);
});

Deno.test("StreamSet raises MAX_DATA as streams are read, and again when it is lost", () => {
  const set = make();
  set.onStream(0, 0, new Uint8Array(40_000), false);
  assert.deepEqual(control(set).found, []);
  set.find(0)!.receive!.read(30_000);
  const { sink, found } = control(set);
  assert.deepEqual(found, ["maxData 130000", "maxStreamData 0 80000"]);
  sink.lost();
  assert.deepEqual(control(set).found, found);
});

/** Bytes that a peer gets rid of though nothing is read, on streams that it opened or we did. */
function unread(own: number): number {
  const set = new StreamSet({ ...CLIENT_DEFAULTS, role: "client" });
  set.setPeerLimits({ ...LIMITS, initialMaxStreamsBidi: 100 });
  const ids = Array.from({ length: own }, () => set.open(Kind.Bidirectional)!.id);
  for (let i = 0; i < 100; i++) ids.push(3 + 4 * i);
  const { receive } = set.credit;
  const piece = new Uint8Array(65_536);
  for (let round = 0; round < 64; round++) {
    for (const id of ids) {
      if (receive.limit - receive.received < piece.length) control(set, round);
      if (receive.limit - receive.received < piece.length) return receive.received;
      set.onStream(id, piece.length * round, piece, false);
    }
  }
  return receive.received;
}

Deno.test("StreamSet lets no more lie unread than the application asked for", () => {
  const none = unread(0);
  assert.ok(none <= 12_582_912, `${none} bytes on streams that nobody asked for`);
  const few = unread(3);
  assert.ok(few > none && few <= 12_582_912 + 3 * 4_194_304, `${few} bytes besides three requests`);
  const many = unread(60);
  assert.ok(many > 120_000_000, `${many} bytes besides sixty requests`);
});

Deno.test("StreamSet answers a blocked peer with what it held back", () => {
  const set = make();
  set.onStream(0, 0, new Uint8Array(10_000), false);
  set.find(0)!.receive!.read(10_000);
  assert.deepEqual(control(set).found, []);
  set.onDataBlocked(99_999);
  set.onStreamDataBlocked(0, 50_000);
  assert.deepEqual(control(set).found, ["maxStreamData 0 60000"]);
  set.onDataBlocked(100_000);
  set.onDataBlocked(100_000);
  set.onStreamsBlocked(true, 4);
  assert.deepEqual(control(set).found, ["maxData 110000"]);
});
