import assert from "node:assert/strict";
import { closeError, moreTelling } from "../../src/api/close_error.ts";
import { TransportError } from "../../src/error/quic_error.ts";
import { Pair } from "../sim/pair.ts";
import { move } from "../sim/transfers.ts";

/** The system's word for it. */
const unreachable = new Error("Network is unreachable (os error 101)");

/** The client's socket cannot send, and its link is down. */
function cutOff(pair: Pair, cause: unknown): void {
  const [port] = pair.clientPorts;
  pair.links[0]!.upward.down();
  pair.client.endpoint.portFailed(port!, pair.serverPorts[0]!.publicAddress, pair.now, cause);
}

/** What the user of the client's connection hears of its end. */
function endOf(pair: Pair): Error {
  pair.run({ until: pair.now + 60_000 });
  const { reason } = pair.client.connection.closing;
  assert.ok(reason !== undefined, "it is over");
  return closeError(reason);
}

Deno.test("dial() tells what a server said by one way, not that another was silent", () => {
  const silence = new DOMException("late", "TimeoutError");
  const refusal = new TransportError(0x178, "no application protocol");
  const later = new TransportError(0x128, "handshake failure");
  assert.equal(moreTelling(undefined, silence), silence);
  assert.equal(moreTelling(silence, refusal), refusal);
  assert.equal(moreTelling(refusal, silence), refusal);
  assert.equal(moreTelling(refusal, later), refusal, "of two that say something, the first");
  assert.equal(moreTelling(silence, new DOMException("later", "TimeoutError")), silence);
});

Deno.test("A handshake without an answer tells what the socket said", () => {
  const pair = new Pair();
  pair.start();
  cutOff(pair, unreachable);
  const error = endOf(pair);
  assert.equal(error.name, "TimeoutError");
  assert.equal(error.cause, unreachable);
});

Deno.test("A connection that fell silent tells what the socket said last", () => {
  const pair = new Pair().connect();
  pair.run({ until: pair.now + 500 });
  cutOff(pair, new Error("No buffer space"));
  cutOff(pair, unreachable);
  assert.equal(endOf(pair).cause, unreachable);
});

Deno.test("What a socket said before the peer was heard again is no cause of a later silence", () => {
  const pair = new Pair().connect();
  pair.run({ until: pair.now + 500 });
  pair.client.endpoint.portFailed(pair.clientPorts[0]!, undefined, pair.now, unreachable);
  move(pair, 5_000);
  pair.links[0]!.upward.down();
  pair.links[0]!.downward.down();
  const error = endOf(pair);
  assert.equal(error.name, "TimeoutError");
  assert.equal("cause" in error, false);
});

Deno.test("A connection without a path tells what the socket of the last one said", () => {
  const pair = new Pair().connect();
  pair.run({ until: pair.now + 500 });
  const path = pair.client.connection.paths.paths[0]!;
  pair.client.connection.closing.onSendFailed(unreachable);
  pair.client.connection.paths.abandon(path.slot, 0x3e76, pair.now);
  pair.client.touch();
  const causes: unknown[] = [];
  for (let error: unknown = endOf(pair); error instanceof Error; error = error.cause) {
    causes.push(error);
  }
  assert.equal(causes.at(-1), unreachable);
});
