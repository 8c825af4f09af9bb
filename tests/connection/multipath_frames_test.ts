import assert from "node:assert/strict";
import { ErrorCode } from "../../src/error/error_code.ts";
import { ACK, PATH_ACK, PATH_ACK_ECN } from "../../src/frame/ack.ts";
import {
  PATH_NEW_CONNECTION_ID,
  PATH_RETIRE_CONNECTION_ID,
  RETIRE_CONNECTION_ID,
} from "../../src/frame/connection_id.ts";
import {
  MAX_PATH_ID,
  PATH_ABANDON,
  PATH_CIDS_BLOCKED,
  PATH_STATUS_AVAILABLE,
  PATH_STATUS_BACKUP,
  PATHS_BLOCKED,
} from "../../src/frame/multipath.ts";
import { PATH_CHALLENGE, PATH_RESPONSE } from "../../src/frame/path_validation.ts";
import { PING } from "../../src/frame/ping.ts";
import { PacketType } from "../../src/packet/packet_type.ts";
import { Stage } from "../../src/path/health/lifecycle.ts";
import { Pair, type PairOptions } from "../sim/pair.ts";
import { Attacker, frame, type Frames, idOf, nameOf, newId } from "./attacker.ts";

const sides = ["client", "server"] as const;

/** An attacker at one end of a pair with two open paths. */
function attack(side: "client" | "server", options: PairOptions = {}): Attacker {
  const pair = new Pair({ paths: 2, ...options }).connect();
  pair.run({ until: pair.now + 500 });
  return new Attacker(pair, side);
}

/** One frame of every multipath type that names a path (or is a limit). */
function framesNaming(id: number): [number, Frames][] {
  return [
    [PATH_ACK, frame(PATH_ACK, id, 0, 0, 0, 0)],
    [PATH_ACK_ECN, frame(PATH_ACK_ECN, id, 0, 0, 0, 0, 1, 0, 0)],
    [PATH_ABANDON, frame(PATH_ABANDON, id, 0)],
    [PATH_STATUS_BACKUP, frame(PATH_STATUS_BACKUP, id, 1)],
    [PATH_STATUS_AVAILABLE, frame(PATH_STATUS_AVAILABLE, id, 1)],
    [PATH_NEW_CONNECTION_ID, newId(id, 0, 0, idOf(7))],
    [PATH_RETIRE_CONNECTION_ID, frame(PATH_RETIRE_CONNECTION_ID, id, 0)],
    [PATHS_BLOCKED, frame(PATHS_BLOCKED, id)],
    [PATH_CIDS_BLOCKED, frame(PATH_CIDS_BLOCKED, id, 0)],
  ];
}

for (const side of sides) {
  Deno.test(`FrameRouter refuses path IDs above the limit in every frame of a ${side} [attack path-id-above-limit] [MPQUIC 4 above] [MPQUIC 4.7 blocked]`, () => {
    for (const [type, frames] of framesNaming(4)) { // 0 to 3 are allowed
      const a = attack(side);
      a.send(frames);
      a.expectClose(ErrorCode.ProtocolViolation, nameOf(type));
    }
  });

  Deno.test(`FrameRouter knows no multipath frame of a ${side} when it was not agreed on [attack not-negotiated] [MPQUIC 2 agreement]`, () => {
    const frames = framesNaming(0);
    frames.push([MAX_PATH_ID, frame(MAX_PATH_ID, 10)]);
    for (
      const config of [{ clientConfig: { maxConcurrentPaths: 1 } }, {
        serverConfig: { maxConcurrentPaths: 1 },
      }]
    ) {
      for (const [type, bytes] of frames) {
        const pair = new Pair(config).connect();
        const a = new Attacker(pair, side);
        a.wait(200).send(bytes);
        a.expectClose(ErrorCode.FrameEncodingError, nameOf(type));
      }
    }
  });

  Deno.test(`FrameRouter takes PATH_STATUS of a ${side} by its number only [attack path-status-replay] [MPQUIC 4.3 number] [MPQUIC 4.3 unopened]`, () => {
    const a = attack(side);
    const slot = a.victim.connection.paths.slot(1)!;
    a.send(frame(PATH_STATUS_BACKUP, 1, 5));
    assert.equal(slot.status.remote, "backup");
    a.send(frame(PATH_STATUS_AVAILABLE, 1, 5));
    a.send(frame(PATH_STATUS_AVAILABLE, 1, 4));
    assert.equal(slot.status.remote, "backup");
    a.send(frame(PATH_STATUS_AVAILABLE, 1, 6));
    assert.equal(slot.status.remote, "available");
    a.expectAlive();
  });

  Deno.test(`FrameRouter takes PATH_STATUS of a ${side} for a path that is not open [MPQUIC 4.3 unopened]`, () => {
    const a = attack(side);
    a.send(frame(PATH_STATUS_BACKUP, 3, 0));
    assert.equal(a.victim.connection.paths.slot(3)!.status.remote, "backup");
    a.expectAlive();
  });

  Deno.test(`PathLimits: MAX_PATH_ID of a ${side} may not be below the first, nor over 2^32 [attack falling-max-path-id] [MPQUIC 4.6 max-path-id]`, () => {
    for (const [limit, good] of [[2, false], [3, true], [2 ** 32, false], [2 ** 32 - 1, true]]) {
      const a = attack(side);
      a.send(frame(MAX_PATH_ID, limit as number));
      if (good) a.expectAlive();
      else a.expectClose(ErrorCode.ProtocolViolation, `MAX_PATH_ID ${limit}`);
    }
  });

  Deno.test(`PathLimits: a MAX_PATH_ID of a ${side} that does not rise is ignored [attack falling-max-path-id] [MPQUIC 4.6 max-path-id]`, () => {
    const a = attack(side);
    const { limits } = a.victim.connection.paths;
    a.send(frame(MAX_PATH_ID, 9));
    a.send(frame(MAX_PATH_ID, 5));
    assert.equal(limits.remote, 9);
    a.expectAlive();
  });

  Deno.test(`PathSet issues IDs for no more paths than it allows itself (${side}) [MPQUIC 3.2.1 limit]`, () => {
    const a = attack(side);
    a.send(frame(MAX_PATH_ID, 2 ** 32 - 1));
    a.wait(500);
    assert.equal([...a.victim.connection.paths.slots].length, 4);
  });

  Deno.test(`FrameRouter refuses PATH_ACK of a ${side} for what was never sent [attack path-ack-of-unsent]`, () => {
    const cases: [string, Frames, number][] = [
      ["a path nobody opened", frame(PATH_ACK, 3, 0, 0, 0, 0), 0],
      ["a number far beyond", frame(PATH_ACK, 1, 100_000, 0, 0, 0), 1],
      ["ACK of path 0 far beyond", frame(ACK, 100_000, 0, 0, 0), 1],
    ];
    for (const [what, frames, path] of cases) {
      const a = attack(side);
      a.send(frames, path);
      a.expectClose(ErrorCode.ProtocolViolation, what);
    }
  });

  Deno.test(`FrameRouter takes an ACK without path ID of a ${side} for path 0 on any path [attack ack-without-path-id] [MPQUIC 2.3 any-path]`, () => {
    const a = attack(side);
    const space = a.victim.connection.paths.find(0)!.space;
    const number = space.sent.next - 1;
    a.send(frame(ACK, number, 0, 0, 0), 1);
    a.expectAlive();
  });

  Deno.test(`FrameRouter does not mix numbers of one path with another's (${side}) [attack path-ack-of-unsent]`, () => {
    const a = attack(side);
    const { paths } = a.victim.connection;
    for (let size = 50_000; size < 60_000; size += 1_000) {
      const transfer = a.pair.client.app.download(size);
      a.pair.run({ until: a.pair.now + 20_000, when: () => transfer.isDone });
      if (paths.find(0)!.space.sent.next !== paths.find(1)!.space.sent.next) break;
    }
    const [zero, one] = [paths.find(0)!.space.sent.next, paths.find(1)!.space.sent.next];
    assert.notEqual(zero, one);
    const [low, high] = zero < one ? [0, one] : [1, zero];
    a.send(frame(PATH_ACK, low, high - 1, 0, 0, 0), 1);
    a.expectClose(ErrorCode.ProtocolViolation);
  });

  Deno.test(`FrameRouter refuses PATH_CIDS_BLOCKED and retirement by a ${side} of unissued IDs [MPQUIC 4.7 blocked]`, () => {
    const cases: [string, Frames][] = [
      ["PATH_CIDS_BLOCKED", frame(PATH_CIDS_BLOCKED, 1, 50)],
      ["PATH_RETIRE_CONNECTION_ID", frame(PATH_RETIRE_CONNECTION_ID, 1, 50)],
      ["RETIRE_CONNECTION_ID", frame(RETIRE_CONNECTION_ID, 50)],
    ];
    for (const [what, frames] of cases) {
      const a = attack(side);
      a.send(frames);
      a.expectClose(ErrorCode.ProtocolViolation, what);
    }
  });

  Deno.test(`LocalIds refuses that a ${side} retires the ID it is addressed by`, () => {
    const a = attack(side);
    a.send(frame(PATH_RETIRE_CONNECTION_ID, 0, 0), 0);
    a.expectClose(ErrorCode.ProtocolViolation);
  });

  Deno.test(`LocalIds issues few IDs to a ${side} that retires by guess what it was never told [attack connection-id-flood]`, () => {
    const a = attack(side);
    const local = a.victim.connection.paths.slot(1)!.local;
    const before = local.nextSequence;
    a.send((writer) => {
      for (let i = 1; i < 200; i++) frame(PATH_RETIRE_CONNECTION_ID, 1, i)(writer);
    });
    a.expectClose(ErrorCode.ProtocolViolation);
    assert.ok(local.nextSequence <= before + 4, `${local.nextSequence - before} more`);
  });

  Deno.test(`LocalIds replaces an ID that a ${side} retires on another path [MPQUIC 3.2.2 replaced]`, () => {
    const a = attack(side);
    const local = a.victim.connection.paths.slot(1)!.local;
    const before = local.nextSequence;
    a.send(frame(PATH_RETIRE_CONNECTION_ID, 1, 1), 0);
    assert.equal(local.nextSequence, before + 1);
    a.send(frame(PATH_RETIRE_CONNECTION_ID, 1, 1), 0); // again: nothing
    assert.equal(local.nextSequence, before + 1);
    assert.equal(a.verdict, undefined);
  });

  Deno.test(`PathSet refuses one ID of a ${side} under two path IDs or two numbers [attack one-id-two-paths]`, () => {
    const twice: [Frames, Frames][] = [
      [newId(2, 7, 7, idOf(9)), newId(3, 8, 8, idOf(9))],
      [newId(2, 7, 7, idOf(9)), newId(2, 8, 7, idOf(9))],
    ];
    for (const [first, second] of twice) {
      const a = attack(side);
      a.send(first);
      assert.equal(a.verdict, undefined);
      a.send(second);
      a.expectClose(ErrorCode.ProtocolViolation);
    }
  });

  Deno.test(`RemoteIds takes the same frame of a ${side} twice, but not another ID [attack connection-id-flood]`, () => {
    const a = attack(side);
    a.send(newId(2, 7, 7, idOf(9)));
    for (let i = 0; i < 50; i++) a.send(newId(2, 7, 7, idOf(9)));
    assert.equal(a.verdict, undefined);
    a.send(newId(2, 7, 7, idOf(10)));
    a.expectClose(ErrorCode.ProtocolViolation);
  });

  Deno.test(`RemoteIds keeps no more IDs of a ${side} than announced [attack connection-id-flood] [attack one-path-ids] [MPQUIC 2.2 id-limit]`, () => {
    const a = attack(side);
    for (let i = 2; i < 10 && a.verdict === undefined; i++) a.send(newId(3, i, 0, idOf(20 + i)));
    a.expectClose(ErrorCode.ConnectionIdLimitError);
  });

  Deno.test(`RemoteIds does not retire without end for a ${side} that acknowledges nothing [attack connection-id-flood]`, () => {
    const a = attack(side);
    for (let i = 2; i < 100 && a.verdict === undefined; i++) a.send(newId(3, i, i, idOf(20 + i)));
    a.expectClose(ErrorCode.ConnectionIdLimitError);
  });

  Deno.test(`RemoteIds.retirePriorTo of a ${side} on a path without any ID is no harm [attack retire-without-ids]`, () => {
    const a = attack(side);
    // All IDs of a path that is not open are retired and replaced in one frame.
    a.send(newId(3, 1_000, 1_000, idOf(33)));
    a.wait(200);
    a.expectAlive();
    assert.ok(a.victim.connection.paths.slot(3)!.remote.usable);
  });

  Deno.test(`PathSet answers PATH_ABANDON of a ${side} for a path that is not open [MPQUIC 3.4 unopened]`, () => {
    const a = attack(side);
    a.send(frame(PATH_ABANDON, 2, 0));
    a.wait(2_000);
    assert.equal(a.own.connection.paths.slot(2), undefined); // used up on this side as well
    assert.equal(a.victim.connection.paths.slot(2), undefined);
    assert.equal(a.victim.connection.paths.limits.local, 4);
    a.expectAlive();
  });

  Deno.test(`PathSet ignores frames of a ${side} that name a path used up [attack abandoned-path-state] [MPQUIC 4 gone]`, () => {
    const a = attack(side);
    a.send(frame(PATH_ABANDON, 2, 0));
    a.wait(2_000);
    for (const [type, frames] of framesNaming(2)) {
      a.send(frames);
      assert.equal(a.verdict, undefined, nameOf(type));
    }
    assert.equal(a.victim.connection.paths.slot(2), undefined);
    a.expectAlive();
  });

  Deno.test(`PathSet ignores frames of a ${side} that name a path just abandoned [attack abandoned-path-state] [MPQUIC 4 gone]`, () => {
    const a = attack(side);
    a.send(frame(PATH_ABANDON, 1, 0));
    for (const [type, frames] of framesNaming(1)) {
      if (type === PATH_RETIRE_CONNECTION_ID) continue;
      a.send(frames);
      assert.equal(a.verdict, undefined, nameOf(type));
    }
    a.wait(3_000);
    a.expectAlive();
  });

  Deno.test(`PathSet survives a flood of blocked frames of a ${side}`, () => {
    const a = attack(side);
    const sent = a.victim.connection.paths.find(0)!.current.datagramsSent;
    for (let i = 0; i < 2_000; i++) {
      a.send((writer) => {
        frame(PATHS_BLOCKED, 3)(writer);
        frame(PATH_CIDS_BLOCKED, 2, 2)(writer);
      });
    }
    a.wait(100);
    assert.ok(a.victim.connection.paths.find(0)!.current.datagramsSent - sent < 2_000);
    a.expectAlive();
  });

  Deno.test(`Validation answers a flood of PATH_CHALLENGE of a ${side} eight at a time [attack path-challenge-flood]`, () => {
    const a = attack(side);
    const { current } = a.victim.connection.paths.find(0)!;
    const before = current.datagramsSent;
    for (let i = 0; i < 100_000; i += 100) {
      a.send((writer) => {
        for (let j = 0; j < 100; j++) {
          writer.uint8(PATH_CHALLENGE);
          writer.uint32(i);
          writer.uint32(j);
        }
      });
    }
    a.wait(10);
    assert.ok(current.datagramsSent - before <= 4);
    a.expectAlive();
  });

  Deno.test(`Validation believes no PATH_RESPONSE of a ${side} that it did not ask for [attack foreign-path-response]`, () => {
    const a = attack(side);
    for (let i = 0; i < 100; i++) {
      a.send((writer) => {
        writer.uint8(PATH_RESPONSE);
        writer.uint32(i);
        writer.uint32(0);
      }, i % 2);
    }
    a.expectAlive();
  });
}

Deno.test("FrameRouter refuses multipath frames in Initial and Handshake packets [attack frames-outside-1rtt]", () => {
  const types = [...framesNaming(0), [MAX_PATH_ID, frame(MAX_PATH_ID, 5)] as const];
  for (const packet of [PacketType.Initial, PacketType.Handshake] as PacketType[]) {
    for (const [type, frames] of types) {
      const pair = new Pair({ paths: 2 });
      const client = pair.start();
      pair.run({
        when: () =>
          packet === PacketType.Initial
            // Before it has all of the ClientHello, the server does not know such frames at all.
            ? pair.server.isConnected && pair.server.connection.peer.known
            : client.keys.handshake.write !== undefined,
      });
      const a = new Attacker(pair, "client");
      a.sendLong(packet, frames);
      a.expectClose(ErrorCode.ProtocolViolation, `${nameOf(type)} in packet type ${packet}`);
    }
  }
});

Deno.test("A server accepts a path whose first packet has no PATH_CHALLENGE [MPQUIC 3.1 no-challenge]", () => {
  const pair = new Pair({ paths: 2, openPaths: false }).connect();
  pair.run({ until: 500 });
  const { client, server } = pair;
  const path = client.connection.paths.open(
    1,
    pair.clientPorts[1]!,
    pair.serverPorts[0]!.publicAddress,
    pair.now,
  );
  path.current.validation.stop();
  const a = new Attacker(pair, "client");
  a.send(frame(PING), 1);
  assert.equal(server.connection.paths.find(1)!.stage, Stage.Opening);
  pair.run({ until: 1_000 });
  assert.equal(server.connection.paths.find(1)!.stage, Stage.Open);
  a.expectAlive();
});

Deno.test("A client ignores packets of a path that it did not open [MPQUIC 3 client-opens]", () => {
  const pair = new Pair({ paths: 2, openPaths: false }).connect();
  pair.run({ until: 500 });
  const a = new Attacker(pair, "server");
  pair.server.connection.paths.open(
    1,
    pair.serverPorts[0]!,
    pair.clientPorts[1]!.publicAddress,
    pair.now,
  ).current.prove();
  a.send(frame(PING), 1);
  assert.equal(pair.client.connection.paths.find(1), undefined);
  assert.equal(pair.client.connection.closing.open, true);
});
