import assert from "node:assert/strict";
import { linkOf, Pair } from "./pair.ts";
import { begin, expectOpen } from "./transfers.ts";

function connected(): Pair {
  const pair = new Pair({ links: [linkOf(10, 44), linkOf(10, 44)] }).connect();
  pair.run({ until: 500 });
  return pair;
}

Deno.test("Timers go on while a port is blocked: what is lost elsewhere is sent again", () => {
  for (let lost = 0; lost < 8; lost++) {
    const pair = connected();
    pair.clientPorts[1]!.block();
    const push = pair.links[0]!.upward.push.bind(pair.links[0]!.upward);
    let count = 0;
    pair.links[0]!.upward.push = (flight) => {
      if (count++ >= lost && count < lost + 6) return;
      push(flight);
    };
    const finished = begin(pair, 8_000, "upload");
    pair.run({ until: 10_000, when: () => finished() < Infinity });
    expectOpen(pair);
    assert.ok(finished() < 5_000, `${lost}: ${finished()} ms`);
  }
});

Deno.test("A connection whose ports are all blocked still ends by its idle timeout", () => {
  const pair = connected();
  for (const port of pair.clientPorts) port.block();
  pair.client.app.upload(100_000);
  pair.run({ until: 60_000 });
  assert.equal(pair.client.connection.closing.reason?.by, "timeout");
  assert.equal(pair.client.endpoint.connections.size, 0);
});

Deno.test("Waiting for a port takes little time", () => {
  const pair = connected();
  let calls = 0;
  const { endpoint } = pair.client;
  const expire = endpoint.expire.bind(endpoint);
  endpoint.expire = (now) => {
    calls++;
    expire(now);
  };
  pair.clientPorts[0]!.block();
  pair.client.app.upload(10_000_000);
  pair.run({ until: 1_500 });
  assert.ok(calls < 200, `${calls} timeouts in a second`);
});
