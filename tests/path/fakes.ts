import { newReno } from "../../src/congestion/new_reno.ts";
import { CouplingGroup } from "../../src/congestion/coupling_group.ts";
import { ConnectionId } from "../../src/packet/connection_id.ts";
import { type ResetToken, resetTokenKey } from "../../src/packet/reset_token.ts";
import type { Address } from "../../src/path/address/address.ts";
import type { IdIssuer } from "../../src/path/id/local_ids.ts";
import type { ResetWatch } from "../../src/path/id/remote_ids.ts";
import type { Path, PathContext } from "../../src/path/path.ts";
import { PathSet } from "../../src/path/path_set.ts";
import type { Port } from "../../src/path/address/port.ts";
import { UnprovenBytes } from "../../src/path/address/unproven_bytes.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";
import { TestSink } from "../stream/sink.ts";

const NO_SECRET = new Uint8Array(16);

/** What tells the tests of the peer's tokens apart. */
export function keyOfToken(token: Uint8Array): number {
  return resetTokenKey(token, NO_SECRET);
}

/** Issues IDs that count up, and remembers which are good. */
export class TestIssuer implements IdIssuer, ResetWatch {
  readonly active = new Map<number, number>();
  /** What `keyOfToken` says of the peer's reset tokens that count. */
  readonly watched = new Set<number>();
  issued = 0;

  issue(pathId: number): ConnectionId {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setUint32(0, ++this.issued);
    const id = new ConnectionId(bytes);
    this.active.set(id.key, pathId);
    return id;
  }

  resetToken(id: ConnectionId): Uint8Array {
    return new Uint8Array(16).fill(id.bytes[3]!);
  }

  release(id: ConnectionId): void {
    this.active.delete(id.key);
  }

  watch(token: ResetToken): void {
    this.watched.add(token.key(NO_SECRET));
  }

  unwatch(token: ResetToken): void {
    this.watched.delete(token.key(NO_SECRET));
  }
}

/** An address of a documentation network. */
export function address(host: number, port = 443): Address {
  return { transport: "udp", hostname: `192.0.2.${host}`, port };
}

/** A port that is always free. */
export function portAt(host: number): Port {
  return { address: address(host), buffer: new Uint8Array(1_500) };
}

/** What paths ask of a connection. */
export function contextOf(limited = false): PathContext {
  const random = new SeededRandom(1);
  return {
    handshakeConfirmed: true,
    mustProbeUnasked: false,
    hasHandshakeKeys: false,
    random,
    ackPolicy: { elicitingThreshold: 2, maxAckDelay: 25, timerLateness: 0, reorderingThreshold: 1 },
    unproven: new UnprovenBytes(),
    peerMaxAckDelay: 25,
    peerMaxDatagramSize: 1_452,
    pathIdleTimeout: 15_000,
    peerAckThreshold: 2,
    keepAliveInterval: 0,
    gapMark: 0,
    network: {
      congestionControl: newReno,
      initialWindow: 10,
      initialRtt: 333,
      maxDatagramSize: 1_452,
      random,
      group: new CouplingGroup(),
      limited,
      spinBit: false,
    },
  };
}

/** The set of paths of a connection that both ends made for several, path 0 open. */
export class TestPaths {
  readonly issuer = new TestIssuer();
  readonly opened: number[] = [];
  readonly closed: [number, number][] = [];
  readonly statuses: number[] = [];
  readonly healths: [number, number][] = [];
  readonly forgotten: number[] = [];
  readonly moved: number[] = [];
  readonly stayed: number[] = [];
  readonly set: PathSet;
  #ids = 0;

  constructor(maxPaths = 4, remoteMax = 3) {
    this.set = new PathSet({
      context: contextOf(),
      issuer: this.issuer,
      maxPaths,
      remoteIdLimit: 4,
      observer: {
        onPathOpen: (path) => this.opened.push(path.id),
        onPathClosed: (path, code) => this.closed.push([path.id, code]),
        onPathMoved: (path) => this.moved.push(path.id),
        onPathStayed: (path) => this.stayed.push(path.id),
        onPathStatus: (path) => this.statuses.push(path.id),
        onPathHealth: (path) => this.healths.push([path.id, path.health]),
        onPathForgotten: (id) => this.forgotten.push(id),
      },
    });
    const zero = this.set.start(portAt(1), address(100), []);
    zero.slot.local.adopt(this.issuer.issue(0));
    zero.slot.remote.adopt(this.freshId());
    zero.current.prove();
    zero.advance(1);
    this.set.onPeerLimits(4, remoteMax);
    this.set.provide();
    for (let id = 1; id <= this.set.limits.common; id++) this.give(id);
    this.drain();
  }

  /** The peer gives an ID for a path. */
  give(pathId: number, sequence = 0): void {
    this.set.onNewId(pathId, sequence, 0, this.freshId(), new Uint8Array(16).fill(9));
  }

  freshId(): Uint8Array {
    const id = new Uint8Array(8).fill(0xee);
    new DataView(id.buffer).setUint32(0, ++this.#ids);
    return id;
  }

  /** Opens the next path and proves it. */
  open(now = 0, host = 2): Path {
    const path = this.set.open(this.set.openableId, portAt(host), address(100), now);
    const sink = new TestSink();
    path.current.validation.writeFrames(sink, 1_200, now);
    this.set.onPathResponse(path, sink.bytes.subarray(1, 9), now + 20);
    return path;
  }

  /** Writes all that waits; what was sent can be acknowledged or lost. */
  drain(): TestSink {
    const sink = new TestSink(10_000);
    this.set.writeFrames(sink);
    return sink;
  }
}
