import assert from "node:assert/strict";
import { DEFAULTS } from "../../src/connection/config.ts";
import { checkTrace, readTrace, type TraceEvent } from "../qlog/read_trace.ts";
import { firstVisit } from "./early_data.ts";
import { Pair, type PairOptions } from "./pair.ts";
import { logTo } from "../../src/sim/qlog_listener.ts";

type Events = (side: "client" | "server", name: string) => TraceEvent[];

/** A pair, and a function that gives the events of one kind in a trace. */
function logged(options: PairOptions): { pair: Pair; events: Events } {
  const texts = { client: "", server: "" };
  const pair = new Pair({ ...options, qlog: (record, role) => void (texts[role] += record) });
  const events: Events = (side, name) => {
    const trace = readTrace(texts[side]);
    checkTrace(trace);
    return trace.events.filter((event) => event.name === `quic:${name}`);
  };
  return { pair, events };
}

Deno.test("A trace shows a Retry, the token that answers it, and new Initial keys", () => {
  const { pair, events } = logged({ server: { retry: "always" } });
  pair.connect();
  const types = events("client", "packet_received").map(({ data }) => data.header.packet_type);
  assert.equal(types[0], "retry");
  const sent = events("client", "packet_sent").map(({ data }) => data.header);
  const [first] = sent;
  assert.equal(first.token, undefined);
  assert.ok(sent.some(({ dcid }) => dcid !== first.dcid));
  const [initial] = events("server", "packet_received").map(({ data }) => data.header);
  assert.ok(initial.token.raw.length > 16);
  const keys = events("client", "key_updated").map(({ data }) => data.key_type);
  assert.equal(keys.filter((type) => type === "client_initial_secret").length, 2);
  const ids = (side: "client" | "server") => events(side, "connection_started").length;
  assert.deepEqual([ids("client"), ids("server")], [1, 1]);
});

Deno.test("A trace tells duplicates and forgeries from what was read", () => {
  const { pair, events } = logged({ seed: 6 });
  pair.connect();
  const { network } = pair.world;
  const [from, to] = [pair.clientPorts[0]!.publicAddress, pair.serverPorts[0]!.publicAddress];
  const transfer = pair.client.app.download(5_000);
  const copies = new Map<number, Uint8Array>();
  network.capture = (_time, event, source, _to, data) => {
    if (event === "send" && source.hostname === from.hostname) {
      copies.set(copies.size, data.slice());
    }
  };
  pair.run({ until: pair.now + 1_000, when: () => transfer.isDone });
  const dropped = events("server", "packet_dropped").length;
  network.inject(copies.get(0)!, from, to);
  const forged = copies.get(0)!.slice();
  forged[forged.length - 1]! ^= 1;
  network.inject(forged, from, to);
  pair.run({ until: pair.now + 100 });
  const triggers = events("server", "packet_dropped").slice(dropped).map(({ data }) =>
    data.trigger
  );
  assert.deepEqual(triggers, ["duplicate", "decryption_failure"]);
});

Deno.test("A trace shows 0-RTT packets and the limits they were sent under", () => {
  const { pair, sessions } = firstVisit();
  let text = "";
  const qlog = logTo((record) => void (text += record));
  const tls = { serverName: "server.test", alpn: ["sim"], verification: "insecure" } as const;
  const client = pair.client.endpoint.connect(
    { transport: { ...DEFAULTS, qlog }, tls: { ...tls, earlyData: true, session: sessions[0]! } },
    pair.clientPorts[0]!,
    pair.serverPorts[0]!.publicAddress,
    pair.now,
  );
  client.streams.open(0)!.send!.write(new Uint8Array(3_000));
  pair.client.host.onActive = (connection) => {
    while (connection.nextEvent() !== undefined);
  };
  pair.run({ until: pair.now + 2_000 });
  const trace = readTrace(text);
  checkTrace(trace);
  const restored = trace.events.filter(({ name }) => name === "quic:parameters_restored");
  assert.equal(restored.length, 1);
  assert.equal(restored[0]!.data.initial_max_streams_bidi, 100);
  assert.ok(!("max_ack_delay" in restored[0]!.data));
  const early = trace.events.filter(({ name, data }) =>
    name === "quic:packet_sent" && data.header.packet_type === "0RTT"
  );
  assert.ok(early.length >= 2);
  assert.ok(early.every(({ data }) => data.header.dcid.length === 16));
  const keys = trace.events.filter(({ name, data }) =>
    name.startsWith("quic:key_") && data.key_type === "client_0rtt_secret"
  );
  assert.deepEqual(keys.map(({ name }) => name), ["quic:key_updated", "quic:key_discarded"]);
});

Deno.test("A trace follows a client to another address", () => {
  const { pair, events } = logged({ seed: 3 });
  pair.connect();
  const port = pair.clientPorts[0]!;
  pair.world.network.publish(port, { ...port.publicAddress, port: 60_001 });
  const transfer = pair.client.app.download(100_000);
  pair.run({ until: pair.now + 20_000, when: () => transfer.isDone });
  const tuples = events("server", "tuple_assigned").map(({ data }) => data);
  assert.deepEqual(tuples.map(({ tuple_id: id }) => id), ["", "1"]);
  assert.equal(tuples[1]!.tuple_remote.port_v4, 60_001);
  const moves = events("server", "migration_state_updated").map(({ data }) => data);
  assert.equal(moves.at(-1)!.new, "migration_complete");
  assert.equal(moves.at(-1)!.tuple_id, "1");
  assert.ok(events("server", "packet_sent").some(({ tuple }) => tuple === "1"));
});

Deno.test("A trace tells of silence that ended a connection", () => {
  const { pair, events } = logged({ config: { maxIdleTimeout: 3_000 } });
  pair.connect();
  pair.links[0]!.down();
  pair.run({ until: pair.now + 20_000 });
  for (const side of ["client", "server"] as const) {
    const [closed] = events(side, "connection_closed");
    assert.equal(closed!.data.trigger, "idle_timeout");
    assert.equal(events(side, "connection_state_updated").at(-1)!.data.new, "closed");
  }
});
