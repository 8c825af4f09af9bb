import assert from "node:assert/strict";
import type { Writer } from "../../src/bytes/writer.ts";
import type { Connection } from "../../src/connection/connection.ts";
import { NEW_CONNECTION_ID, PATH_NEW_CONNECTION_ID } from "../../src/frame/connection_id.ts";
import { frameName } from "../../src/frame/frame_table.ts";
import { PacketBuilder, type PacketTap } from "../../src/packet/packet_builder.ts";
import { PacketType } from "../../src/packet/packet_type.ts";
import type { PacketSpace } from "../../src/recovery/packet_space.ts";
import type { End, Pair } from "../sim/pair.ts";

const NOTHING = new Uint8Array(0);

/** Frames as bytes: a callback that writes them. */
export type Frames = (writer: Writer) => void;

/** Where a forged packet claims to come from. */
export interface Disguise {
  /** Index of the interface of the sending host. */
  readonly port?: number;
}

/**
 * Sits at one end of a pair with the keys of the real connection, and puts packets of its own
 * making among those of that connection: whatever a peer could send that wishes us ill.
 */
export class Attacker {
  readonly pair: Pair;
  readonly own: End;
  readonly victim: End;
  /** May change packets after they are built and before they are sealed. */
  twist: PacketTap | undefined;
  readonly #builder = new PacketBuilder((packet, bytes) => this.twist?.(packet, bytes));

  constructor(pair: Pair, side: "client" | "server" = "client") {
    this.pair = pair;
    this.own = pair[side];
    this.victim = pair[side === "client" ? "server" : "client"];
  }

  get connection(): Connection {
    return this.own.connection;
  }

  /** Sends frames in a 1-RTT packet of a path; it arrives at once. */
  send(frames: Frames, pathId = 0, disguise: Disguise = {}): void {
    this.deliver(this.seal(frames, pathId), pathId, disguise);
  }

  /** A sealed 1-RTT packet that was not delivered yet. */
  seal(frames: Frames, pathId = 0): Uint8Array {
    const { keys, paths } = this.connection;
    const slot = paths.slot(pathId)!;
    const space = slot.path?.space ?? assert.fail(`path ${pathId} is not open`);
    return this.sealTo(frames, slot.remote.current, pathId, space, keys.oneRtt!.phase);
  }

  /** The same with everything chosen freely. */
  sealTo(
    frames: Frames,
    destination: Uint8Array,
    pathId: number,
    space: PacketSpace,
    phase: number,
  ): Uint8Array {
    const builder = this.#builder;
    builder.begin(new Uint8Array(1_452), 1_452);
    const number = space.nextNumber;
    // Four bytes of packet number leave a whole sample even where there are no frames.
    builder.startShort(
      destination,
      number,
      4,
      0,
      phase,
      pathId,
      this.connection.keys.oneRtt!,
    );
    return this.#finish(frames, space);
  }

  /** Sends frames in an Initial or Handshake packet. */
  sendLong(type: PacketType, frames: Frames): void {
    const { keys, handshake, paths } = this.connection;
    const isInitial = type === PacketType.Initial;
    const space = isInitial ? handshake.initialSpace : handshake.handshakeSpace;
    const sealer = isInitial ? keys.initial.write : keys.handshake.write;
    assert.ok(sealer, "the keys are there");
    const source = paths.slot(0)!.local.issued ? this.sourceId : NOTHING;
    this.#builder.begin(new Uint8Array(1_452), 1_452);
    this.#builder.startLong(
      type,
      keys.version,
      paths.slot(0)!.remote.current,
      source,
      NOTHING,
      space.nextNumber,
      4,
      sealer,
    );
    this.deliver(this.#finish(frames, space, isInitial ? 1_200 : 0), 0);
  }

  /** The source ID of the real connection, as its peer knows it. */
  get sourceId(): Uint8Array {
    return this.victim.connection.handshake.ids.peerSource ?? NOTHING;
  }

  #finish(frames: Frames, space: PacketSpace, padTo = 0): Uint8Array {
    const builder = this.#builder;
    frames(builder.writer);
    const empty = builder.isEmpty;
    assert.ok(!empty, "there are frames in the packet");
    const size = builder.endDatagram(padTo);
    const built = builder.packetAt(0);
    const { current } = this.connection.paths.paths[0]!;
    // The real connection takes it for its own, so that acknowledgements of it are no surprise.
    const packet = space.sent.take().reset(built.number, size, this.pair.now, current);
    packet.isEliciting = packet.isInFlight = false;
    space.onSent(packet, this.pair.now);
    return builder.writer.bytes.slice(0, size);
  }

  /** Brings a datagram to the victim at once. */
  deliver(datagram: Uint8Array, pathId = 0, { port }: Disguise = {}): void {
    const { current } = this.connection.paths.find(pathId) ?? this.connection.paths.paths[0]!;
    const from = port === undefined
      ? this.own.host.ports.find((each) => each === current.port)!
      : this.own.host.ports[port]!;
    const to =
      this.victim.host.ports.find((each) =>
        each.publicAddress.hostname === current.remote.hostname
      ) ?? this.victim.host.ports[0]!;
    this.victim.endpoint.receive(datagram, to, from.publicAddress, this.pair.now);
    this.victim.touch();
  }

  /** Lets some time pass. */
  wait(milliseconds: number): this {
    this.pair.run({ until: this.pair.now + milliseconds });
    return this;
  }

  /** The transport error that the victim closed with, or undefined while it is open. */
  get verdict(): number | undefined {
    const { reason } = this.victim.connection.closing;
    return reason?.by === "local" ? reason.code : undefined;
  }

  /** Fails unless the victim closed with this code because of what it was just sent. */
  expectClose(code: number, what = "it"): void {
    const { reason } = this.victim.connection.closing;
    assert.equal(reason?.code, code, `${what}: ${reason?.reason ?? "the victim did not close"}`);
    assert.equal(reason!.by, "local");
  }

  /** Fails unless the connection goes on and still carries data in both directions. */
  expectAlive(what = "it"): void {
    for (const end of [this.own, this.victim]) {
      const { reason } = end.connection.closing;
      assert.equal(reason, undefined, `${what}: ${end.host.name} closed: ${reason?.reason}`);
    }
    const transfer = this.pair.client.app.download(20_000);
    this.pair.run({ until: this.pair.now + 20_000, when: () => transfer.isDone });
    assert.ok(transfer.isDone, `${what}: data still flow`);
  }
}

/** A frame of a type and some numbers, each as a variable-length integer. */
export function frame(type: number, ...values: (number | Uint8Array)[]): Frames {
  return (writer) => {
    writer.varint(type);
    for (const value of values) {
      if (typeof value === "number") writer.varint(value);
      else writer.put(value);
    }
  };
}

/** PATH_NEW_CONNECTION_ID, or NEW_CONNECTION_ID for path -1. */
export function newId(
  pathId: number,
  sequence: number,
  retirePriorTo: number,
  id: Uint8Array,
  token: Uint8Array = new Uint8Array(16).fill(sequence + 1),
): Frames {
  return (writer) => {
    writer.varint(pathId < 0 ? NEW_CONNECTION_ID : PATH_NEW_CONNECTION_ID);
    if (pathId >= 0) writer.varint(pathId);
    writer.varint(sequence);
    writer.varint(retirePriorTo);
    writer.uint8(id.length);
    writer.put(id);
    writer.put(token);
  };
}

/** A connection ID of eight equal bytes. */
export function idOf(value: number): Uint8Array {
  return new Uint8Array(8).fill(value);
}

/** For messages. */
export function nameOf(type: number): string {
  return frameName(type);
}
