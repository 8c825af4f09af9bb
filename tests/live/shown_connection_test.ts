import assert from "node:assert/strict";
import { showConnection } from "../../mod.ts";
import { Collector } from "../../src/live/collector.ts";

const localAddr = { transport: "tcp", hostname: "10.0.0.1", port: 5_000 } as const;
const remoteAddr = { transport: "tcp", hostname: "192.0.2.1", port: 443 } as const;

/** A connection of TCP that the test makes up, and a collector that has taken it. */
function shown() {
  const collector = new Collector(() => 1_000_000);
  const end = Promise.withResolvers<void>();
  const made = { bytesReceived: 0, bytesSent: 0, openStreams: 0 };
  const about = { role: "client", localAddr, remoteAddr, closed: end.promise } as const;
  showConnection(Object.defineProperties({ ...made, ...about, serverName: "host.example" }, {
    bytesReceived: { get: () => made.bytesReceived },
    bytesSent: { get: () => made.bytesSent },
    openStreams: { get: () => made.openStreams },
  }));
  return { collector, made, end, [Symbol.dispose]: () => collector.stop() };
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

Deno.test("A connection of TCP is shown with its rate, and without what is not known", () => {
  using one = shown();
  Object.assign(one.made, { bytesReceived: 5_000, bytesSent: 70, openStreams: 2 });
  const { connections: [report] } = one.collector.report();
  assert.deepEqual(report!.facts, {
    role: "client",
    peer: "192.0.2.1:443",
    serverName: "host.example",
    protocol: "bytes over TCP",
    beganAt: 1_000_000,
  });
  assert.deepEqual(report!.sample, [[0, 5_000, 70, null, null, null, null]]);
  const { name, local, remote, size, minRtt } = report!.paths[0]!;
  assert.deepEqual([name, local, remote], ["10.0.0.1", "10.0.0.1:5000", "192.0.2.1:443"]);
  assert.deepEqual([size, minRtt, report!.lost], [undefined, undefined, undefined]);
  assert.deepEqual([report!.received, report!.sent, report!.streams], [5_000, 70, 2]);
});

Deno.test("The end of a connection of TCP is told, in order or by a failure", async () => {
  for (const error of [undefined, new Error("reset by the peer")]) {
    using one = shown();
    assert.equal(one.collector.report().connections[0]!.end, undefined);
    if (error === undefined) one.end.resolve();
    else one.end.reject(error);
    await settled();
    const { end, hasFailed, paths } = one.collector.report().connections[0]!;
    assert.deepEqual([end, hasFailed], [error?.message ?? "closed", error !== undefined]);
    assert.deepEqual(paths, []);
    assert.deepEqual(one.collector.report().connections, []);
  }
});
