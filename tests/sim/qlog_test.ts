import assert from "node:assert/strict";
import { Header, parseHeader } from "../../src/packet/header.ts";
import { checkTrace, readTrace, type Trace, type TraceEvent } from "../qlog/read_trace.ts";
import type { LinkOptions } from "../../src/sim/link.ts";
import { linkOf, Pair, type PairOptions } from "./pair.ts";

type Side = "client" | "server";

/** A pair whose traces are kept. */
function logged(options: PairOptions): { pair: Pair; trace: (side: Side) => Trace } {
  const texts: Record<Side, string> = { client: "", server: "" };
  const pair = new Pair({ ...options, qlog: (record, role) => void (texts[role] += record) });
  const trace = (side: Side) => {
    const read = readTrace(texts[side]);
    checkTrace(read);
    return read;
  };
  return { pair, trace };
}

function download(pair: Pair, size: number): void {
  pair.start();
  const transfer = pair.client.app.download(size);
  pair.run({ until: pair.now + 120_000, when: () => transfer.isDone });
  assert.ok(transfer.isDone);
}

function named({ events }: Trace, name: string): TraceEvent[] {
  return events.filter((event) => event.name === name);
}

/** How many QUIC packets a datagram has; the server's and the client's IDs have eight bytes. */
function packetsIn(datagram: Uint8Array): number {
  const header = new Header();
  let count = 0;
  for (let at = 0; parseHeader(datagram, at, 8, header); at = header.end) count++;
  return count;
}

const lossy: LinkOptions[] = [linkOf(10, 44, { loss: 0.03 }), linkOf(5, 80, { loss: 0.01 })];

Deno.test("A trace counts the packets that the network carried, sent, received and lost", () => {
  const { pair, trace } = logged({ links: lossy, seed: 11 });
  const sent = { client: 0, server: 0 };
  const delivered = { client: 0, server: 0 };
  const bytes = { client: 0, server: 0 };
  const clients = new Set(pair.clientPorts.map(({ publicAddress }) => publicAddress.hostname));
  pair.world.network.capture = (_time, event, from, to, data) => {
    const sender = clients.has(from.hostname) ? "client" : "server";
    if (event === "send") sent[sender] += packetsIn(data);
    if (event === "send") bytes[sender] += data.length;
    const receiver = clients.has(to.hostname) ? "client" : "server";
    if (event === "deliver") delivered[receiver] += packetsIn(data);
  };
  download(pair, 500_000);
  pair.run({ until: pair.now + 2_000 });
  for (const side of ["client", "server"] as const) {
    const read = trace(side);
    const packets = named(read, "quic:packet_sent");
    assert.equal(packets.length, sent[side]);
    const total = packets.reduce((sum, { data }) => sum + data.raw.length, 0);
    assert.equal(total, bytes[side]);
    const received = named(read, "quic:packet_received").length;
    // What came before its keys is told twice: when it is kept, and when it is read.
    assert.equal(received + named(read, "quic:packet_dropped").length, delivered[side]);
    const { paths } = pair[side].connection.paths;
    const counted = (field: "packetsSent" | "packetsReceived" | "packetsLost") =>
      paths.reduce((sum, { counters }) => sum + counters[field], 0);
    assert.equal(packets.length, counted("packetsSent"));
    assert.equal(received, counted("packetsReceived"));
    assert.equal(named(read, "quic:packet_lost").length, counted("packetsLost"));
  }
  assert.ok(named(trace("server"), "quic:packet_lost").length > 5);
});

Deno.test("A trace names each path by its own tuple, and says where it leads", () => {
  const { pair, trace } = logged({ paths: 2, seed: 3 });
  download(pair, 200_000);
  for (const side of ["client", "server"] as const) {
    const read = trace(side);
    const tuples = named(read, "quic:tuple_assigned").map(({ data }) => data);
    assert.deepEqual(tuples.map(({ tuple_id, path_id }) => [tuple_id, path_id]), [["", 0], [
      "1",
      1,
    ]]);
    const ends = [tuples[1]!.tuple_local.ip_v4, tuples[1]!.tuple_remote.ip_v4];
    const expected = ["10.0.1.1", "10.0.0.2"];
    assert.deepEqual(ends, side === "client" ? expected : expected.reverse());
    assert.equal(tuples[1]!.tuple_remote.connection_ids[0].length, 16);
    for (const { data, tuple = "" } of named(read, "quic:packet_sent")) {
      if (data.header.packet_type !== "1RTT" || data.header.path_id === undefined) continue;
      assert.equal(tuple, data.header.path_id === 0 ? "" : "1");
    }
    const onSecond = named(read, "quic:packet_sent").filter(({ tuple }) => tuple === "1");
    assert.ok(onSecond.length > 20, `${onSecond.length}`);
  }
});

Deno.test("A trace tells of handshake, keys, parameters, paths and the end in their order", () => {
  const { pair, trace } = logged({ paths: 2, seed: 5 });
  download(pair, 100_000);
  const { connection } = pair.client;
  connection.paths.find(1)!.slot.status.set("backup");
  pair.run({ until: pair.now + 500 });
  connection.closePath(connection.paths.find(1)!, 0x3e, pair.now);
  pair.run({ until: pair.now + 2_000 });
  connection.close(7, "done here", pair.now);
  pair.run();
  const read = trace("client");
  const states = named(read, "quic:connection_state_updated").map(({ data }) => data.new);
  assert.deepEqual(states, [
    "attempted",
    "handshake_started",
    "handshake_complete",
    "handshake_confirmed",
    "closing",
    "closed",
  ]);
  const keys = named(read, "quic:key_updated").map(({ data }) => data.key_type);
  assert.equal(new Set(keys).size, 6);
  assert.equal(named(read, "quic:key_discarded").length, 4);
  const [local, remote, cipher] = named(read, "quic:parameters_set").map(({ data }) => data);
  assert.deepEqual([local.initiator, remote.initiator], ["local", "remote"]);
  assert.equal(remote.original_destination_connection_id, read.header.trace.common_fields.group_id);
  assert.match(cipher.tls_cipher, /^TLS_/);
  const second = named(read, "mpquic:path_state_updated").filter(({ data }) => data.path_id === 1);
  const stages = second.map(({ data }) => data.new);
  assert.deepEqual(stages, ["opening", "open", "abandoned", "closed"]);
  assert.equal(second[2]!.data.error_code, 0x3e);
  const onServer = named(trace("server"), "mpquic:path_status_updated").map(({ data }) => data);
  assert.deepEqual(onServer, [{ path_id: 1, initiator: "remote", new: "backup" }]);
  const closed = named(read, "quic:connection_closed")[0]!.data;
  assert.deepEqual(closed, {
    initiator: "local",
    application_error: "unknown",
    error_code: 7,
    reason: "done here",
    trigger: "application",
  });
  const [ended] = named(trace("server"), "quic:connection_closed");
  assert.equal(ended!.data.initiator, "remote");
});

Deno.test("A trace shows round-trip times, windows and slow start as they change", () => {
  const { pair, trace } = logged({ links: lossy, seed: 2 });
  download(pair, 2_000_000);
  const read = trace("server");
  const metrics = named(read, "quic:recovery_metrics_updated").map(({ data }) => data);
  const rtts = metrics.map(({ smoothed_rtt: rtt }) => rtt).filter((rtt) => rtt !== undefined);
  assert.ok(rtts.length > 100 && rtts.every((rtt) => rtt > 40 && rtt < 1_000));
  const states = named(read, "quic:congestion_state_updated");
  assert.ok(states.some(({ data }) => data.new === "slow_start"));
  const loss = states.find(({ data }) => data.new === "recovery");
  assert.deepEqual([loss?.data.old, loss?.data.trigger], ["slow_start", "loss"]);
  assert.ok(states.some(({ data }) => data.new === "congestion_avoidance"));
  assert.ok(named(read, "quic:mtu_updated").length >= 2);
});

Deno.test("A trace tells of a key update and of the end that began it", () => {
  const { pair, trace } = logged({ seed: 9 });
  download(pair, 10_000);
  pair.client.connection.keys.oneRtt!.requestUpdate();
  const transfer = pair.client.app.download(10_000);
  pair.run({ until: pair.now + 5_000, when: () => transfer.isDone });
  for (
    const [side, trigger] of [["client", "local_update"], ["server", "remote_update"]] as const
  ) {
    const updates = named(trace(side), "quic:key_updated")
      .filter(({ data }) => data.key_phase === 1).map(({ data }) => data);
    assert.deepEqual(updates.map(({ key_type: type }) => type), [
      "client_1rtt_secret",
      "server_1rtt_secret",
    ]);
    assert.equal(updates[0].trigger, trigger);
    const phases = new Set(
      named(trace(side), "quic:packet_sent").map(({ data }) => data.header.key_phase_bit),
    );
    assert.ok(phases.has(true) && phases.has(false));
  }
});

Deno.test("A trace tells of a path that fails and of timeouts", () => {
  const { pair, trace } = logged({ paths: 2, seed: 4 });
  pair.connect();
  pair.run({ until: pair.now + 500 });
  pair.links[1]!.outage(pair.now + 300);
  const transfer = pair.client.app.download(3_000_000);
  pair.run({ until: pair.now + 60_000, when: () => transfer.isDone });
  const read = trace("server");
  assert.ok(named(read, "mpquic:path_health_updated").some(({ data }) => data.new !== "ok"));
  const pto = named(read, "quic:timer_updated").filter(({ data }) => data.timer_type === "pto");
  assert.ok(pto.length > 0 && pto.every(({ tuple }) => tuple === "1"));
});

Deno.test("A trace changes nothing of what is sent", () => {
  const digests = [true, false].map((isLogged) => {
    const options = { links: lossy, seed: 21 };
    const pair = isLogged ? logged(options).pair : new Pair(options);
    download(pair, 300_000);
    return pair.world.network.trace.digest;
  });
  assert.equal(digests[0], digests[1]);
});

Deno.test("The status of a new path travels with its first packet", () => {
  const { pair, trace } = logged({ paths: 2, statuses: ["available", "backup"] });
  download(pair, 20_000);
  const first = named(trace("client"), "quic:packet_sent").find(({ data }) =>
    data.frames.some((frame: { frame_type: string }) => frame.frame_type === "path_status_backup")
  )!;
  assert.equal(first.data.header.path_id, 1);
  assert.equal(first.data.header.packet_number, 0);
});

Deno.test("A trace tells how ECN was validated, and that marks reduced the window", () => {
  const link = linkOf(20, 40, { queue: 100_000, down: { markFrom: 60_000 } });
  const { pair, trace } = logged({ ecn: true, links: [link] });
  download(pair, 5_000_000);
  const server = trace("server");
  const states = named(server, "quic:ecn_state_updated").map(({ data }) => data);
  assert.deepEqual(states, [{ new: "testing" }, { old: "testing", new: "capable" }]);
  const triggers = named(server, "quic:congestion_state_updated").map(({ data }) => data.trigger);
  assert.ok(triggers.includes("ecn"), `${triggers}`);
  assert.equal(named(server, "quic:packet_lost").length, 0);
  const acks = named(server, "quic:packet_received").filter(({ data }) => "frames" in data);
  assert.ok(JSON.stringify(acks).includes('"ce":'), "the counts of ACKs are told");
});
