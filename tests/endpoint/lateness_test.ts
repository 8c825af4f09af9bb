import assert from "node:assert/strict";
import { Pair } from "../sim/pair.ts";

for (const timerLateness of [0, 2]) {
  const may = timerLateness > 0 ? "may" : "may not";
  Deno.test(`An answer that is overdue may be missed late, an acknowledgement ${may} leave late`, () => {
    const pair = new Pair({ config: { timerLateness } }).connect();
    pair.run({ until: pair.now + 2_000 });
    pair.client.app.upload(10);
    // What was sent is under way for 22 ms, and acknowledged within 25.
    pair.run({ until: pair.now + 10 });
    assert.ok(pair.client.endpoint.canBeLate, "the client waits for an answer");
    const sentAt = pair.now - 10;
    pair.run({ until: pair.now + 15 });
    const { endpoint, connection } = pair.server;
    const { deadline } = connection.paths.paths[0]!.space.received;
    assert.equal(deadline, endpoint.deadline);
    assert.equal(Math.round(deadline - sentAt), 22 + 25 - timerLateness);
    assert.equal(endpoint.canBeLate, timerLateness > 0, "the server owes an acknowledgement");
  });
}

Deno.test("What a pacer holds back may not leave late, its copy may", () => {
  const pair = new Pair({ paths: 2 }).connect();
  pair.run({ until: pair.now + 2_000 });
  const { endpoint, connection } = pair.client;
  pair.client.app.upload(400_000);
  const seen = new Set<string>();
  for (const end = pair.now + 1_000; pair.now < end;) {
    pair.run({ until: pair.now + 0.5 });
    const { deadline, copyDeadline } = connection.dispatcher;
    if (deadline > connection.deadline || deadline === Infinity) continue;
    const what = deadline === copyDeadline ? "copy" : "pacer";
    seen.add(what);
    assert.equal(endpoint.canBeLate, what === "copy");
  }
  assert.deepEqual(seen, new Set(["pacer", "copy"]));
});

Deno.test("What is sent behind the end of a transfer may leave late", () => {
  const pair = new Pair().connect();
  pair.run({ until: pair.now + 2_000 });
  const { endpoint, connection } = pair.client;
  const { tail } = connection.paths.paths[0]!.space;
  pair.client.app.upload(20_000);
  for (const end = pair.now + 1_000; pair.now < end;) {
    pair.run({ until: pair.now + 0.5 });
    if (tail.decidesAt === Infinity || tail.decidesAt > endpoint.deadline) continue;
    return assert.ok(endpoint.canBeLate);
  }
  assert.fail("nothing was decided");
});
