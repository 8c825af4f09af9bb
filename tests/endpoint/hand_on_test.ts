import assert from "node:assert/strict";
import { DEFAULTS } from "../../src/connection/config.ts";
import { Endpoint } from "../../src/endpoint/endpoint.ts";
import { BalancerIds } from "../../src/packet/balancer_ids.ts";
import { RESET_TOKEN_LENGTH } from "../../src/packet/stateless_reset.ts";
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

Deno.test("A worker resets what names one that is gone, as that would have, and nothing else", () => {
  const address: Address = { transport: "udp", hostname: "192.0.2.1", port: 443 };
  const serverId = Uint8Array.of(1, 2, 3, 4);
  const key = new Uint8Array(16).fill(9);
  const balancer = (number: number, id: number) =>
    new BalancerIds([{ id, serverId, nonceLength: 12, key }], { number, mask });
  for (const make of [(number: number) => workerIds({ number, mask }), balancer]) {
    /** What a worker says to a packet with an ID. */
    const tokenOf = (number: number, id: Uint8Array, isOrphan: boolean, firstByte = 0x40) => {
      const idLayout = make(number, 1);
      const endpoint = new Endpoint({
        random: new SeededRandom(number),
        wallTime: (now) => 1e12 + now,
        resetKey: new Uint8Array(32).fill(5),
        idLayout,
        server: { transport: DEFAULTS, tls: { credential: () => undefined, alpn: ["sim"] } },
      });
      const port: Port = { address, buffer: new Uint8Array(1_500) };
      const datagram = Uint8Array.of(firstByte, ...id, ...new SeededRandom(1).bytes(50));
      if (isOrphan) endpoint.receiveOrphan(datagram, port, address, 0);
      else endpoint.receive(datagram, port, address, 0);
      const out = endpoint.transmit(0);
      return out && port.buffer!.subarray(out.size - RESET_TOKEN_LENGTH, out.size).toHex();
    };
    const id = make(3, 1).make(new SeededRandom(7));
    const token = tokenOf(3, id, false);
    assert.ok(token);
    assert.equal(tokenOf(4, id, true), token, "the client knows the token");
    assert.equal(tokenOf(4, id, false), undefined, "unless it is known that the other is gone");
    assert.equal(tokenOf(3, id, true), undefined, "its own connections are there");
    assert.equal(tokenOf(4, id, true, 0xc0), undefined, "handshakes have no reset");
  }
  const foreign = balancer(3, 2).make(new SeededRandom(7));
  assert.equal(balancer(4, 1).otherWorker(foreign, 0), -1, "another server");
});
