import assert from "node:assert/strict";
import { dial } from "../../src/api/dial.ts";
import type { ConnectOptions } from "../../src/api/options/options.ts";
import type { QlogInfo, QlogOption } from "../../src/api/options/qlog.ts";
import { checkTrace, readTrace, type TraceEvent } from "../qlog/read_trace.ts";
import { dialHere, listenHere } from "./loopback.ts";

/** Both ends of a connection that is closed at once. */
async function briefly(options: Partial<ConnectOptions>): Promise<void> {
  await using listener = listenHere();
  await using _connection = await dialHere(listener, options);
}

/** Opens a connection, sends a little, closes both ends, and waits until all is over. */
async function visit(server: QlogOption | undefined, client: QlogOption | undefined) {
  await using listener = listenHere(server ? { qlog: server } : {});
  const connection = await dialHere(listener, client ? { qlog: client } : {});
  const accepted = await listener.accept();
  const { readable, writable } = await connection.createBidirectionalStream();
  const writer = writable.getWriter();
  writer.write(new Uint8Array(100_000));
  writer.close();
  for await (const { readable, writable } of accepted.incomingBidirectionalStreams) {
    await readable.pipeTo(writable);
    break;
  }
  for await (const _ of readable);
  const { stats } = connection;
  connection.close();
  await accepted.closed;
  return stats;
}

/** Waits for what comes after a connection's end: what lingers does not keep the process. */
async function lingering(event: Promise<unknown>): Promise<void> {
  const keepAlive = setTimeout(() => {}, 10_000);
  await event;
  clearTimeout(keepAlive);
}

/** A stream that keeps what is written, and says when it is closed. */
function collector() {
  const closed = Promise.withResolvers<void>();
  const kept = {
    text: "",
    closed: closed.promise,
    stream: new WritableStream<string>({
      write: (chunk) => void (kept.text += chunk),
      close: () => closed.resolve(),
    }),
  };
  return kept;
}

Deno.test("qlog as a function gives each connection its own stream, closed at its end", async () => {
  const sides = { client: collector(), server: collector() };
  const infos: QlogInfo[] = [];
  const choose = (info: QlogInfo) => {
    infos.push(info);
    return sides[info.role].stream;
  };
  await visit(choose, choose);
  await lingering(Promise.all([sides.client.closed, sides.server.closed]));
  for (const role of ["client", "server"] as const) {
    const trace = readTrace(sides[role].text);
    checkTrace(trace);
    assert.equal(trace.header.trace.vantage_point.type, role);
    const names = new Set(trace.events.map(({ name }) => name));
    assert.ok(names.has("quic:packet_sent") && names.has("quic:connection_closed"), role);
  }
  assert.deepEqual(infos.map(({ role }) => role), ["client", "server"]);
  assert.equal(infos[0]!.originalId, infos[1]!.originalId);
});

Deno.test("A server whose qlog function throws goes on without a trace; a client says so", async () => {
  const full = () => {
    throw new Deno.errors.NotFound("no room for another file");
  };
  await visit(full, undefined);
  await assert.rejects(visit(undefined, full), /no room for another file/);
});

Deno.test("MultipathConnection.qlog takes events of the application between those of QUIC", async () => {
  const kept = collector();
  await using listener = listenHere();
  const connection = await dialHere(listener, { qlog: () => kept.stream });
  const accepted = await listener.accept();
  assert.equal(accepted.qlog, undefined, "nobody asked for a trace there");
  const { qlog } = connection;
  assert.throws(() => qlog!.write("no namespace", {}), /"namespace:event"/);
  assert.throws(() => qlog!.write('a:b"', {}), TypeError);
  qlog!.write("echo:asked", { what: "a word", times: 2 });
  connection.close();
  await lingering(kept.closed);
  qlog!.write("echo:late", {}); // the trace has ended, which is no error
  const { events } = readTrace(kept.text);
  const at = events.findIndex(({ name }) => name === "echo:asked");
  assert.deepEqual(events[at]!.data, { what: "a word", times: 2 });
  assert.ok(events.slice(0, at).some(({ name }) => name === "quic:alpn_information"));
  assert.ok(events.slice(at).some(({ name }) => name === "quic:connection_closed"));
  assert.ok(events[at]!.time >= events[at - 1]!.time && events[at + 1]!.time >= events[at]!.time);
  assert.ok(!kept.text.includes("echo:late"));
});

/** How long after the end of the handshake the first request of a client leaves, in milliseconds. */
async function requestDelay(): Promise<number> {
  const kept = collector();
  await using listener = listenHere();
  const connection = await dialHere(listener, { qlog: () => kept.stream });
  const { writable } = await connection.createBidirectionalStream();
  await new Response("request").body!.pipeTo(writable);
  connection.close();
  await lingering(kept.closed);
  const sent = readTrace(kept.text).events.filter(({ name }) => name === "quic:packet_sent");
  const isRequest = ({ data }: TraceEvent) =>
    data.frames.some((frame: { frame_type: string }) => frame.frame_type === "stream");
  const handshake = sent.find(({ data }) => data.header.packet_type === "handshake")!;
  return sent.find(isRequest)!.time - handshake.time;
}

Deno.test("The first request of a client leaves with the end of the handshake", async () => {
  // On a busy machine, more datagrams may come before the application has its turn.
  const delays: number[] = [];
  while (!delays.includes(0) && delays.length < 10) delays.push(await requestDelay());
  assert.ok(delays.includes(0), `never in one flight, but after ${delays} ms`);
});

Deno.test("qlog may answer with nothing", async () => {
  const stats = await visit(() => undefined, () => undefined);
  assert.equal(stats.qlogEventsDropped, 0);
});

Deno.test("qlog as a stream takes the events of all connections and stays open", async () => {
  const kept = collector();
  await visit(kept.stream, undefined);
  await visit(kept.stream, undefined);
  await kept.stream.close();
  const traces = kept.text.split('\x1e{"file_schema');
  assert.equal(traces.length, 3, "each listener begins a trace of its own");
  const { header, events } = readTrace(`\x1e{"file_schema${traces[1]}`);
  assert.ok(!("group_id" in header.trace.common_fields));
  assert.equal(new Set(events.map((event) => event.group_id)).size, 1);
});

Deno.test("A qlog stream that never takes anything holds up nothing", async () => {
  const stuck = new WritableStream<string>({ write: () => new Promise(() => {}) });
  const start = performance.now();
  const stats = await visit(
    () => stuck,
    () => new WritableStream({ write: () => new Promise(() => {}) }),
  );
  assert.ok(stats.bytesSent > 100_000);
  assert.ok(performance.now() - start < 10_000, "nothing waits until it is given up");
});

Deno.test("A qlog stream that fails, or is closed by its owner, holds up nothing", async () => {
  const closed = new WritableStream<string>();
  await closed.close();
  const failing = new WritableStream<string>({
    write() {
      throw new Error("disk full");
    },
  });
  const stats = await visit(closed, () => failing);
  assert.ok(stats.qlogEventsDropped > 0);
});

Deno.test("qlog as a text names the directory of the traces, which is made", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await briefly({ qlog: `${folder}/a/b` });
    const files = [...Deno.readDirSync(`${folder}/a/b`)].map(({ name }) => name);
    assert.equal(files.length, 1);
    assert.match(files[0]!, /^[0-9a-f]{16}_client\.sqlog$/);
    await Deno.writeTextFile(`${folder}/file`, "");
    for (const qlog of [`${folder}/file`, `${folder}/file/c`, ""]) {
      await assert.rejects(briefly({ qlog }), (error) => {
        assert.ok(error instanceof TypeError);
        assert.match(error.message, /^Cannot write qlog traces to ".*": ./);
        return true;
      });
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("A keyLog that throws keeps no connection from opening", async () => {
  let called = 0;
  await briefly({
    keyLog() {
      called++;
      throw new Error("no room for another line");
    },
  });
  assert.equal(called, 5);
});

Deno.test("keyLog takes the secrets of one end", async () => {
  const lines: string[] = [];
  await briefly({ keyLog: (line) => lines.push(line) });
  const labels = lines.map((line) => {
    assert.match(line, /^[A-Z_0-9]+ [0-9a-f]{64} [0-9a-f]{64,96}$/);
    return line.split(" ")[0];
  });
  assert.deepEqual(labels.sort(), [
    "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
    "CLIENT_TRAFFIC_SECRET_0",
    "EXPORTER_SECRET",
    "SERVER_HANDSHAKE_TRAFFIC_SECRET",
    "SERVER_TRAFFIC_SECRET_0",
  ]);
});

Deno.test("QLOGDIR and SSLKEYLOGFILE leave traces and secrets of both ends", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const program = new URL("./qlog_visit.ts", import.meta.url).pathname;
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--unstable-net", program],
      env: { QLOGDIR: `${folder}/qlog`, SSLKEYLOGFILE: `${folder}/keys.txt` },
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    const files = [...Deno.readDirSync(`${folder}/qlog`)].map(({ name }) => name).sort();
    assert.equal(files.length, 2);
    assert.match(files[0]!, /^[0-9a-f]{16}_client\.sqlog$/);
    assert.equal(files[1], files[0]!.replace("client", "server"));
    for (const file of files) {
      const trace = readTrace(await Deno.readTextFile(`${folder}/qlog/${file}`));
      checkTrace(trace);
      assert.equal(trace.header.trace.common_fields.group_id, file.slice(0, 16));
      assert.ok(trace.events.some(({ name }) => name === "quic:connection_closed"), file);
    }
    const lines = (await Deno.readTextFile(`${folder}/keys.txt`)).trim().split("\n");
    for (
      const label of [
        "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
        "SERVER_HANDSHAKE_TRAFFIC_SECRET",
        "CLIENT_TRAFFIC_SECRET_0",
        "SERVER_TRAFFIC_SECRET_0",
      ]
    ) {
      // Each end writes it once, and both have the same.
      const found = lines.filter((line) => line.startsWith(`${label} `));
      assert.equal(found.length, 2, label);
      assert.equal(found[0], found[1]);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("A qlog stream is closed too when no server ever answered", async () => {
  const silent = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const { port } = silent.addr as Deno.NetAddr;
  const kept = collector();
  const options = { alpnProtocols: ["echo"], handshakeTimeout: 100, qlog: () => kept.stream };
  await assert.rejects(dial({ hostname: "127.0.0.1", port, ...options }), { name: "TimeoutError" });
  await lingering(kept.closed);
  silent.close();
  const trace = readTrace(kept.text);
  checkTrace(trace);
  assert.equal(trace.events.filter(({ name }) => name === "quic:connection_closed").length, 1);
});
