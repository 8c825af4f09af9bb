import assert from "node:assert/strict";
import { Kind } from "../../src/stream/connection_credit.ts";
import { linkOf, Pair } from "./pair.ts";
import { patternBytes } from "../../src/sim/pattern.ts";
import { expectOpen } from "./transfers.ts";

/** A client behind a NAT that has forgotten it, with one message of so many bytes just written. */
function rebound(size: number) {
  const pair = new Pair({ links: [linkOf(10, 40)], config: { maxIdleTimeout: 60_000 } }).connect();
  pair.run({ until: pair.now + 1_000 });
  const { client, server } = pair;
  const down = server.connection.streams.open(Kind.Unidirectional)!;
  down.send!.write(patternBytes(down.id, 0, 100));
  pair.run({ until: pair.now + 500 });
  const address = pair.clientPorts[0]!.rebind();
  const up = client.connection.streams.open(Kind.Unidirectional)!;
  up.send!.write(patternBytes(up.id, 0, size));
  const path = server.connection.paths.find(0)!;
  return { pair, address, path, down };
}

Deno.test("A server with little credit for a new address sends small challenges, and several", () => {
  for (const size of [100, 400, 600]) {
    const { pair, address, path } = rebound(size);
    const sizes: number[] = [];
    pair.world.network.capture = (_time, event, { port }, _to, data) => {
      if (event === "send" && port === 443) sizes.push(data.length);
    };
    pair.links[0]!.downward.down();
    pair.run({ until: pair.now + 30 });
    pair.links[0]!.upward.down(); // the client's next packets, and the credit they bring, are lost
    pair.run({ until: pair.now + 1_500 });
    pair.links[0]!.upward.up();
    assert.equal(path.current.remote.port, address.port);
    assert.equal(path.current.validated, false);
    assert.ok(sizes.filter((each) => each < 200).length >= 3, `${size} bytes: ${sizes}`);
    pair.links[0]!.downward.up();
    pair.run({ until: pair.now + 4_000, when: () => path.current.validated });
    assert.ok(path.current.validated, `${size} bytes`);
    pair.run({ until: pair.now + 1_000 });
    assert.ok(path.current.validation.sizeProven, "full size is proven afterwards");
  }
});

Deno.test("A server does not go back to an address that does not answer", () => {
  const { pair, address, path, down } = rebound(400);
  pair.links[0]!.downward.down();
  pair.run({ until: pair.now + 100 });
  for (let i = 0; i < 8; i++) {
    pair.run({ until: pair.now + 1_000 });
    assert.equal(path.current.remote.port, address.port, `after ${i + 1} s`);
  }
  pair.links[0]!.downward.up();
  down.send!.write(patternBytes(down.id, 100, 100));
  const from = pair.now;
  const received = () => pair.client.app.uploads.get(down.id)!.received;
  pair.run({ until: from + 10_000, when: () => received() === 200 });
  expectOpen(pair);
  assert.ok(pair.now - from < 2_000, `${pair.now - from} ms`);
});
