import assert from "node:assert/strict";
import { Ecn } from "../../../src/bytes/ecn.ts";
import { Errno } from "../../../src/io/native/libc.ts";
import { Outgoing } from "../../../src/io/native/outgoing.ts";
import { Family, PeerTable } from "../../../src/io/native/socket_address.ts";
import type { Address } from "../../../src/path/address/address.ts";
import { libcWith, nativeTest } from "./tier.ts";

const remote: Address = { transport: "udp", hostname: "192.0.2.1", port: 443 };
const id = new Uint8Array(8);

/** A way out over a system that answers each call with an error, or 0 for none. */
class Scripted {
  readonly outgoing: Outgoing;
  readonly unreachable: string[] = [];
  calls = 0;

  constructor(answers: readonly number[]) {
    let errno = 0;
    const library = libcWith({
      sendMessage: () => {
        errno = answers[this.calls++] ?? 0;
        return errno === 0 ? 1 : -1;
      },
      get errno() {
        return errno;
      },
    });
    this.outgoing = new Outgoing(
      library,
      -1,
      new PeerTable(Family.V4),
      (_, error) => this.unreachable.push(error.message),
    );
  }

  add(count: number): this {
    for (let i = 0; i < count; i++) {
      assert.ok(this.outgoing.buffer);
      this.outgoing.add(1_200, remote, Ecn.Ect0, id);
    }
    return this;
  }
}

nativeTest("A run that the system has no room for waits, and leaves whole", () => {
  const script = new Scripted([Errno.EAGAIN, Errno.EAGAIN]).add(5);
  assert.equal(script.outgoing.flush(), "blocked");
  assert.equal(script.outgoing.flush(), "blocked");
  assert.equal(script.outgoing.flush(), "done");
  assert.deepEqual([script.calls, script.outgoing.calls], [3, 1]);
  assert.equal(script.outgoing.holds, false);
});

nativeTest("Seven jumbo datagrams fill the slots", () => {
  const { outgoing } = new Scripted([]);
  for (let i = 1; i <= 7; i++) {
    assert.equal(outgoing.largeBuffer!.length, 9_216);
    assert.equal(outgoing.add(8_952, remote, Ecn.Ect0, id), i === 7);
  }
  for (let i = 1; i <= 3; i++) {
    assert.ok(outgoing.buffer);
    assert.equal(outgoing.add(1_452, remote, Ecn.Ect0, id), i === 3);
  }
  assert.equal(outgoing.buffer, undefined);
  assert.equal(outgoing.largeBuffer, undefined);
  assert.throws(() => outgoing.add(8_952, remote, Ecn.Ect0, id), RangeError);
});

nativeTest("However few slots are left, there is room for a jumbo datagram", () => {
  for (let short = 40; short < 45; short++) {
    const { outgoing } = new Scripted([]).add(short);
    assert.equal(outgoing.largeBuffer!.length, 9_216);
    assert.equal(outgoing.add(8_952, remote, Ecn.Ect0, id), true);
    assert.equal(outgoing.buffer, undefined);
    assert.equal(outgoing.flush(), "done");
  }
});

nativeTest("A socket whose device takes no runs sends single datagrams from then on", () => {
  const script = new Scripted([Errno.EIO]).add(4);
  assert.equal(script.outgoing.flush(), "done");
  assert.equal(script.calls, 1 + 4);
  script.add(3).outgoing.flush();
  assert.equal(script.calls, 5 + 3);
  assert.deepEqual(script.unreachable, []);
});

nativeTest(
  "A run of datagrams that are too large is sent again one by one, the next as a run",
  () => {
    for (const errno of [Errno.EINVAL, Errno.EMSGSIZE]) {
      const script = new Scripted([errno, Errno.EMSGSIZE, 0, Errno.EMSGSIZE]).add(3);
      assert.equal(script.outgoing.flush(), "done");
      assert.deepEqual([script.calls, script.outgoing.calls], [4, 1]);
      script.add(3).outgoing.flush();
      assert.equal(script.calls, 5);
      // A datagram that is too large is lost like any other, and found out by probes.
      assert.deepEqual(script.unreachable, []);
    }
  },
);

nativeTest("A single datagram that waits in the middle of a run keeps its turn", () => {
  const script = new Scripted([Errno.EINVAL, 0, Errno.EAGAIN]).add(3);
  assert.equal(script.outgoing.flush(), "blocked");
  assert.equal(script.outgoing.flush(), "done");
  // The first alone, then the two others, which are a run by themselves.
  assert.deepEqual([script.calls, script.outgoing.calls], [4, 2]);
});

nativeTest("Errors that pass are losses, others say that the peer cannot be reached", () => {
  for (const errno of [Errno.ENOBUFS, Errno.ENOMEM, Errno.EMSGSIZE]) {
    const script = new Scripted([errno, errno]).add(1);
    script.outgoing.flush();
    assert.deepEqual(script.unreachable, []);
  }
  for (const errno of [Errno.EPERM, Errno.ENETUNREACH, Errno.EHOSTUNREACH, 71]) {
    const script = new Scripted([errno]).add(3);
    assert.equal(script.outgoing.flush(), "done");
    assert.equal(script.unreachable.length, 1);
    assert.match(script.unreachable[0]!, new RegExp(`os error ${errno}`));
  }
  const interrupted = new Scripted([Errno.EINTR]).add(3);
  interrupted.outgoing.flush();
  assert.equal(interrupted.outgoing.calls, 1);
});
