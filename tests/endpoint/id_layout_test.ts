import assert from "node:assert/strict";
import { SeededRandom } from "../../src/sim/seeded_random.ts";
import { type IdLayout, randomIds } from "../../src/packet/id_layout.ts";
import { Endpoint } from "../../src/endpoint/endpoint.ts";
import { Header, parseHeader } from "../../src/packet/header.ts";
import { linkOf, Pair, type PairOptions } from "../sim/pair.ts";

/** IDs of twelve bytes: the worker, a mark, and ten that are random. */
function workerIds(worker: number): IdLayout {
  return {
    length: 12,
    make: (random) => Uint8Array.of(worker, 0xcd, ...random.bytes(10)),
    isOurs: (datagram, offset) => datagram[offset] === worker,
  };
}

/** The server's IDs that datagrams carry, to it in short headers and from it in long ones. */
function watchIds(pair: Pair): { short: string[]; long: string[]; links: Set<string> } {
  const seen = { short: [] as string[], long: [] as string[], links: new Set<string>() };
  const header = new Header();
  pair.world.network.capture = (_time, event, from, to, data) => {
    if (event !== "send") return;
    const length = to.port === 443 ? 12 : 8;
    for (let at = 0; parseHeader(data, at, length, header); at = header.end) {
      if (to.port === 443 && !header.isLong) {
        seen.short.push(hex(header.destinationId));
        seen.links.add(from.hostname);
      } else if (to.port !== 443 && header.isLong) seen.long.push(hex(header.sourceId));
    }
  };
  return seen;
}

function hex(bytes: Uint8Array): string {
  return bytes.toHex();
}

Deno.test("randomIds are eight bytes, none like another", () => {
  const random = new SeededRandom(1);
  const ids = Array.from({ length: 1_000 }, () => hex(randomIds.make(random)));
  assert.equal(new Set(ids).size, 1_000);
  assert.ok(ids.every((id) => id.length === 16));
  assert.equal(randomIds.length, 8);
});

Deno.test("A layout stands in every ID of a server: of handshakes, Retry and all paths", () => {
  const options: PairOptions = {
    paths: 3,
    idLayout: workerIds(0x17),
    server: { retry: "always" },
  };
  const pair = new Pair(options);
  const seen = watchIds(pair);
  pair.connect();
  const transfer = pair.client.app.download(400_000);
  pair.run({ until: pair.now + 2_000, when: () => transfer.isDone });
  // Another address takes another ID.
  pair.clientPorts[0]!.rebind();
  const upload = pair.client.app.download(100_000);
  pair.run({ until: pair.now + 20_000, when: () => upload.isDone });
  assert.ok(transfer.isDone && upload.isDone);
  assert.equal(pair.server.endpoint.retriesSent, 1);
  assert.equal(seen.links.size, 3);
  assert.ok(new Set(seen.short).size >= 3 && new Set(seen.long).size >= 2);
  for (const id of [...seen.short, ...seen.long]) assert.match(id, /^17cd.{20}$/);
});

Deno.test("Workers with one reset key reset connections of their own only (RFC 9000, 21.11)", () => {
  for (const [successor, expected] of [[0x17, "reset"], [0x18, "open"]] as const) {
    const pair = new Pair({ idLayout: workerIds(0x17), links: [linkOf(10, 44)] }).connect();
    pair.run({ until: pair.now + 500 });
    const server = pair.server.host;
    server.endpoint = new Endpoint({
      random: new SeededRandom(2),
      wallTime: (now) => now,
      resetKey: pair.resetKey,
      idLayout: workerIds(successor),
    });
    pair.client.app.upload(1_000);
    pair.run({ until: pair.now + 1_000 });
    const closed = pair.client.has("closed");
    assert.equal(closed ? "reset" : "open", expected, `worker ${successor}`);
  }
});
