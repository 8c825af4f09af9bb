import assert from "node:assert/strict";
import { ConnectionCredit, Kind } from "../../src/stream/connection_credit.ts";

/** Credit for as many streams of both directions at once, all of which the peer has opened. */
function creditFor(streams: number): ConnectionCredit {
  const credit = new ConnectionCredit({
    maxBidirectionalStreams: streams,
    maxUnidirectionalStreams: 3,
    connectionWindow: 1_000,
    maxConnectionWindow: 1_000,
  });
  assert.ok(credit.receiveStreams[Kind.Bidirectional].receive(streams));
  return credit;
}

Deno.test("ConnectionCredit tells of room for streams once a sixteenth of them has ended", () => {
  const credit = creditFor(64);
  const streams = credit.receiveStreams[Kind.Bidirectional];
  for (let ended = 1; ended < 4; ended++) {
    streams.consume(1);
    assert.equal(credit.hasPending, false, `after ${ended} streams`);
  }
  streams.consume(1);
  assert.equal(credit.hasPending, true);
  assert.equal(streams.raise(0, 0), 68);
});

Deno.test("ConnectionCredit tells of room for a stream at once where few are allowed", () => {
  const credit = creditFor(10);
  credit.receiveStreams[Kind.Bidirectional].consume(1);
  assert.equal(credit.hasPending, true);
});

Deno.test("ConnectionCredit tells a peer at once that waits for room for a stream", () => {
  const credit = creditFor(64);
  const streams = credit.receiveStreams[Kind.Bidirectional];
  streams.consume(1);
  streams.onBlocked(64);
  assert.equal(credit.hasPending, true);
});
