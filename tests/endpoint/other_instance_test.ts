import assert from "node:assert/strict";
import { DEFAULTS } from "../../src/connection/config.ts";
import { ServiceSecret } from "../../src/crypto/service_secret.ts";
import { Endpoint } from "../../src/endpoint/endpoint.ts";
import { BalancerIds } from "../../src/packet/balancer_ids.ts";
import type { IdLayout } from "../../src/packet/id_layout.ts";
import { workerIds } from "../../src/packet/worker_ids.ts";
import { WorkerMask } from "../../src/packet/worker_mask.ts";
import type { Address } from "../../src/path/address/address.ts";
import type { Port } from "../../src/path/address/port.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";
import { linkOf, Pair } from "../sim/pair.ts";

const TRIES = 10_000;

const secret = new ServiceSecret(new Uint8Array(32).fill(5));
const mask = new WorkerMask(secret.key("worker"));
const key = new Uint8Array(16).fill(9);

function balancerIds(server: number, isPlain: boolean, worker?: number): IdLayout {
  const configuration = {
    id: 1,
    serverId: Uint8Array.of(0, server),
    nonceLength: 14,
    key: isPlain ? undefined : key,
  };
  return new BalancerIds(
    [configuration],
    worker === undefined ? undefined : { number: worker, mask },
  );
}

/** What two instances of a service put into their IDs. */
const instances: readonly (readonly [string, IdLayout, IdLayout])[] = [
  ["two servers with encrypted IDs", balancerIds(1, false), balancerIds(2, false)],
  ["two servers with IDs in plain text", balancerIds(1, true), balancerIds(2, true)],
  ["two workers of a server", balancerIds(1, false, 3), balancerIds(1, false, 4)],
  [
    "two workers without a balancer",
    workerIds({ number: 3, mask }),
    workerIds({ number: 4, mask }),
  ],
];

/** The connection IDs by which a client reaches its server, and the last datagrams. */
function watch(pair: Pair, length: number): { ids: Set<string>; datagrams: Uint8Array[] } {
  const seen = { ids: new Set<string>(), datagrams: [] as Uint8Array[] };
  pair.world.network.capture = (_time, event, _from, to, data) => {
    if (event !== "send" || to.port !== 443 || data[0]! >= 0x80) return;
    seen.ids.add(data.subarray(1, 1 + length).toHex());
    seen.datagrams.push(data.slice());
  };
  return seen;
}

function endpointOf(idLayout: IdLayout): Endpoint {
  const credential = () => undefined;
  return new Endpoint({
    random: new SeededRandom(2),
    wallTime: (now) => 1e12 + now,
    resetKey: secret.key("reset"),
    idLayout,
    server: { transport: DEFAULTS, tls: { credential, alpn: ["sim"] }, secret },
  });
}

for (const [name, own, other] of instances) {
  Deno.test(`No datagram to one ends a connection of the other: ${name} (RFC 9000, 21.11)`, () => {
    const resetKey = secret.key("reset");
    const pair = new Pair({ resetKey, idLayout: own, links: [linkOf(10, 44), linkOf(10, 44)] });
    const seen = watch(pair, own.length);
    pair.connect();
    const transfer = pair.client.app.download(300_000);
    pair.run({ until: pair.now + 5_000, when: () => transfer.isDone });
    assert.ok(seen.ids.size >= 2, "IDs of both paths");

    const answersOf = (endpoint: Endpoint): Uint8Array[] => {
      const random = new SeededRandom(7);
      const buffer = new Uint8Array(1_500);
      const address: Address = { transport: "udp", hostname: "10.9.9.9", port: 443 };
      const port: Port = { address, buffer };
      const ids = [...seen.ids].map((id) => Uint8Array.fromHex(id));
      const answers: Uint8Array[] = [];
      for (let i = 0; i < TRIES; i++) {
        const datagram = i % 4 === 0
          ? seen.datagrams[i % seen.datagrams.length]!.slice()
          : random.bytes(22 + random.below(1_200));
        if (i % 4 !== 0) {
          datagram[0] = 0x40 | random.below(64);
          datagram.set(ids[i % ids.length]!, 1);
        }
        // From many addresses and 50 per second: the limits of resets hide none.
        const now = 20 * i;
        endpoint.receive(datagram, port, { ...address, hostname: `192.0.2.${i % 200}` }, now);
        for (let out; (out = endpoint.transmit(now)) !== undefined;) {
          answers.push(buffer.slice(0, out.size));
        }
      }
      return answers;
    };
    assert.equal(answersOf(endpointOf(other)).length, 0, "the other says nothing");
    // The same datagrams to a successor of the server itself: they are reset.
    const resets = answersOf(endpointOf(own));
    assert.ok(resets.length > TRIES / 2, `${resets.length} resets`);

    const from = pair.serverPorts[0]!.publicAddress;
    pair.world.network.inject(resets[0]!, from, pair.clientPorts[0]!.publicAddress);
    pair.run({ until: pair.now + 200 });
    assert.ok(pair.client.has("closed"), "a reset of the successor ends the connection");
  });
}
