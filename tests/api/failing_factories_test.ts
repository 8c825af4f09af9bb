import assert from "node:assert/strict";
import type { TransportOptions } from "../../src/api/options/options.ts";
import { cubic } from "../../src/congestion/cubic.ts";
import { ErrorCode } from "../../src/error/error_code.ts";
import { minRtt } from "../../src/scheduler/min_rtt.ts";
import { stragglerCopies } from "../../src/scheduler/straggler_copies.ts";
import { dialHere, listenHere } from "./loopback.ts";
import { answerAll, ask } from "./visits.ts";

let fails = false;

function check(): void {
  if (fails) throw new Error("no more of these");
}

/** Options whose factories fail while `fails` is set. */
const failing: Record<string, TransportOptions> = {
  congestionControl: { congestionControl: (options) => (check(), cubic(options)) },
  reinjection: { reinjection: { forConnection: () => (check(), stragglerCopies.forConnection()) } },
  scheduler: { scheduler: { forConnection: () => (check(), minRtt) } },
};

for (const [name, options] of Object.entries(failing)) {
  Deno.test(`A listener whose ${name} fails for a connection goes on with the others`, async () => {
    await using listener = listenHere(options);
    answerAll(listener);
    await using before = await dialHere(listener);
    fails = true;
    await assert.rejects(dialHere(listener), { code: ErrorCode.InternalError });
    fails = false;
    await using after = await dialHere(listener);
    assert.equal(await ask(before, "before"), "before false");
    assert.equal(await ask(after, "after"), "after false");
    const { connections, handshakes } = listener.stats;
    assert.deepEqual([connections.held, handshakes.held], [2, 0]);
  });

  Deno.test(`dial() rejects with what its ${name} throws`, async () => {
    await using listener = listenHere();
    answerAll(listener);
    await using before = await dialHere(listener, options);
    fails = true;
    await assert.rejects(dialHere(listener, options), { message: "no more of these" });
    fails = false;
    assert.equal(await ask(before, "before"), "before false");
  });
}

Deno.test("A congestionControl that fails for a new path ends that connection, not the process", async () => {
  await using listener = listenHere({ localAddresses: ["127.0.0.1", "127.0.0.2"] });
  answerAll(listener);
  await using other = await dialHere(listener);
  const client = await dialHere(listener, { ...failing.congestionControl, openPaths: false });
  fails = true;
  await assert.rejects(client.openPath({ localAddress: "127.0.0.3" }), {
    code: ErrorCode.InternalError,
  });
  fails = false;
  await assert.rejects(client.closed, { code: ErrorCode.InternalError });
  assert.equal(await ask(other, "other"), "other false");
});
