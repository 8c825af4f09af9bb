import assert from "node:assert/strict";
import { DEFAULTS } from "../../src/connection/config.ts";
import { Endpoint } from "../../src/endpoint/endpoint.ts";
import { workerIds } from "../../src/packet/worker_ids.ts";
import { WorkerMask } from "../../src/packet/worker_mask.ts";
import type { Address } from "../../src/path/address/address.ts";
import type { Port } from "../../src/path/address/port.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";
import { linkOf, Pair } from "../sim/pair.ts";

const mask = new WorkerMask(new SeededRandom(1).bytes(8));

/** A worker beside that of a pair, and what it hands on. */
function other(pair: Pair, number: number): { endpoint: Endpoint; foreign: number[] } {
  const foreign: number[] = [];
  const endpoint = new Endpoint({
    random: new SeededRandom(number),
    wallTime: (now) => 1e12 + now,
    resetKey: pair.resetKey,
    idLayout: workerIds({ number, mask }),
    server: { transport: DEFAULTS, tls: { credential: () => undefined, alpn: ["sim"] } },
    onForeign: (worker, datagram, port, remote, mark) => {
      foreign.push(worker);
      pair.server.endpoint.receive(datagram, port, remote, pair.now, mark);
    },
  });
  return { endpoint, foreign };
}

Deno.test("A worker hands on what names another one, and a connection lives by that", () => {
  const pair = new Pair({
    idLayout: workerIds({ number: 3, mask }),
    links: [linkOf(10, 44), linkOf(10, 44)],
  });
  const { endpoint, foreign } = other(pair, 4);
  const own = pair.server.endpoint;
  // Whatever comes goes to the wrong worker first, as soon as the client knows an ID.
  const host = pair.server.host;
  let replies = 0;
  host.endpoint = new Proxy(own, {
    get(target, key) {
      if (key === "receive") {
        return (datagram: Uint8Array, port: Port, remote: Address, now: number) => {
          const isFirst = target.connections.size === 0;
          (isFirst ? target : endpoint).receive(datagram, port, remote, now);
          while (endpoint.transmit(now) !== undefined) replies++;
        };
      }
      const value = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  pair.connect();
  const transfer = pair.client.app.download(200_000);
  pair.run({ until: pair.now + 10_000, when: () => transfer.isDone });
  assert.ok(transfer.isDone, "all bytes arrive");
  assert.ok(foreign.length > 50, `${foreign.length} datagrams were handed on`);
  assert.ok(foreign.every((worker) => worker === 3), "all to the worker of the connection");
  assert.equal(replies, 0, "the wrong worker answers nothing");
  assert.equal(endpoint.connections.size, 0);
});
