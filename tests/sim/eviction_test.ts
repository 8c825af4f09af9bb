import assert from "node:assert/strict";
import { ErrorCode } from "../../src/error/error_code.ts";
import { Pair } from "./pair.ts";
import { move } from "../sim/transfers.ts";

Deno.test("A connection that must give way tells its peer once and is forgotten at once", () => {
  for (const code of [undefined, 0x107]) {
    const pair = new Pair().connect();
    const { connection, endpoint } = pair.server;
    const { account } = connection;
    account.overloadCode = code;
    assert.ok(account.hold("bytes", 1_000));
    endpoint.ledger.evict(account, "bytes");
    assert.equal(endpoint.ledger.stats.bytes.held, 0, "what it held is free already");
    pair.run({ until: pair.now + 5 });
    assert.equal(endpoint.connections.size, 0, "nothing waits to tell it again");
    pair.run({ until: pair.now + 100 });
    const { reason } = pair.client.connection.closing;
    assert.equal(reason?.by, "peer");
    assert.equal(reason?.application, code !== undefined);
    assert.equal(reason?.code, code ?? ErrorCode.InternalError);
  }
});

Deno.test("A connection that had closed already gives way without a word", () => {
  const pair = new Pair().connect();
  const { connection, endpoint } = pair.server;
  connection.close(7, "done", pair.now);
  pair.run({ until: pair.now + 30 });
  assert.equal(endpoint.connections.size, 1, "it is remembered for some time");
  endpoint.ledger.evict(connection.account, "bytes");
  pair.run({ until: pair.now + 5 });
  assert.equal(endpoint.connections.size, 0);
  assert.equal(pair.client.connection.closing.reason?.code, 7);
});

Deno.test("What a connection holds is free when it has ended", () => {
  const pair = new Pair().connect();
  const { connection, endpoint } = pair.server;
  assert.ok(connection.account.hold("files", 3));
  move(pair, 5_000);
  assert.equal(endpoint.ledger.stats.files.held, 3);
  pair.client.connection.close(0, "", pair.now);
  pair.run({ until: pair.now + 5_000 });
  assert.equal(endpoint.ledger.stats.files.held, 0);
});

Deno.test("A connection that must give way goes however often it is looked at", () => {
  const pair = new Pair().connect();
  const { connection, endpoint } = pair.server;
  connection.account.hold("bytes", 1);
  endpoint.ledger.evict(connection.account, "bytes");
  for (let i = 0; i < 20; i++) pair.run({ until: pair.now + 0.3 });
  assert.equal(endpoint.connections.size, 0);
});

Deno.test("What a connection holds counts where its peer has proven to be", () => {
  const pair = new Pair().connect();
  const { connection, endpoint } = pair.server;
  const { account } = connection;
  const { hostname } = pair.clientPorts[0]!.publicAddress;
  account.hold("bytes", 100);
  const heldAt = (host: string) => endpoint.ledger.look(host).address.held.bytes;
  assert.equal(heldAt(hostname), 100);
  pair.clientPorts[0]!.rebind({ hostname: "192.0.2.9" });
  const transfer = pair.client.app.download(5_000);
  // The first packet from there proves nothing.
  pair.run({ until: pair.now + 30 });
  assert.equal(connection.paths.paths[0]!.current.remote.hostname, "192.0.2.9");
  assert.ok(heldAt(hostname) >= 100 && heldAt("192.0.2.9") === 0);
  pair.run({ until: pair.now + 5_000, when: () => transfer.isDone });
  pair.run({ until: pair.now + 500 });
  assert.deepEqual([heldAt(hostname), heldAt("192.0.2.9")], [0, 100]);
});
