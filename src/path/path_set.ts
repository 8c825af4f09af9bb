// All paths of a connection.

import { Readiness } from "../scheduler/readiness.ts";
import { ErrorCode } from "../error/error_code.ts";
import { TransportError } from "../error/quic_error.ts";
import type { FrameSink } from "../frame/sent_frame.ts";
import type { PacketSpace } from "../recovery/packet_space.ts";
import { type Address, sameAddress } from "./address/address.ts";
import { UNREACHABLE_AFTER } from "./health/life_signs.ts";
import { Health, Stage } from "./health/lifecycle.ts";
import { Migration, type MigrationObserver } from "./migration.ts";
import { Path, type PathContext } from "./path.ts";
import { ObservationCounter } from "./address/observation.ts";
import { idsPerPath, PathLimits } from "./path_limits.ts";
import { PathList } from "./path_list.ts";
import type { IdSource, PathSlot } from "./id/path_slot.ts";
import { PathSlots } from "./path_slots.ts";
import { PathWatch } from "./path_watch.ts";
import type { Port } from "./address/port.ts";

/** Connection IDs for an unused path ID: one to open a path, one to move it. */
const IDS_FOR_UNUSED = 2;
/** Probe timeouts in a row after which only small datagrams are sent. */
const SHRINK_AFTER = 3;

/** Callbacks for changes of paths. */
export interface PathObserver extends MigrationObserver {
  /** A path is validated, or was by another path over the same 4-tuple. */
  onPathOpen(path: Path): void;
  /** A path carries nothing more. */
  onPathClosed(path: Path, code: number): void;
  /** The peer wants another status for a path. */
  onPathStatus(path: Path): void;
  /** The health of a path has changed. */
  onPathHealth(path: Path): void;
  /** A path ID is forgotten. */
  onPathForgotten(id: number): void;
}

/** What makes a {@linkcode PathSet}. */
export interface PathSetOptions {
  readonly context: PathContext;
  readonly observer: PathObserver;
  readonly issuer: IdSource;
  /** How many paths may be open at once. */
  readonly maxPaths: number;
  /** IDs per path that we keep (our active_connection_id_limit). */
  readonly remoteIdLimit: number;
  /**
   * Whether this end may open paths, and so abandons dead ones sooner. If left out, dead paths are
   * never abandoned.
   */
  readonly opensPaths?: boolean;
}

/** All paths of a connection, open or to be, by path ID (MPQUIC, Section 3). */
export class PathSet extends PathList {
  /** @internal */
  readonly limits: PathLimits;
  /** @internal */
  readonly watch: PathWatch;
  /** Changes of 4-tuples. */
  readonly migration: Migration;
  /** Whether both ends agreed on several paths. */
  multipath = false;
  readonly #options: PathSetOptions;
  readonly #slots: PathSlots;
  /** Only if the peer wants to hear which addresses we see. */
  #observations: ObservationCounter | undefined = undefined;
  /** How many IDs per path the peer keeps. */
  #localIdLimit = 0;

  /** @internal */
  constructor(options: PathSetOptions) {
    super();
    this.#options = options;
    this.#slots = new PathSlots(options.issuer, options.remoteIdLimit);
    this.limits = new PathLimits(options.maxPaths - 1);
    this.watch = new PathWatch(this.paths, options.context, options.opensPaths);
    this.migration = new Migration(this, options.observer);
  }

  /** Opens path 0, on which the handshake takes place. */
  start(port: Port, remote: Address, handshake: readonly PacketSpace[]): Path {
    const slot = this.#slots.make(0);
    return this.#add(new Path(slot, port, remote, this.#options.context, this, handshake));
  }

  #add(path: Path): Path {
    path.slot.carry(path);
    return this.add(path);
  }

  /** The peer's parameters are known and authentic: it keeps so many IDs and allows such paths. */
  onPeerLimits(idLimit: number, maxPathId: number | undefined): void {
    this.#localIdLimit = idsPerPath(idLimit, this.#options.maxPaths);
    if (maxPathId === undefined || !this.limits.offered) return;
    this.multipath = true;
    this.limits.setRemote(maxPathId);
    this.#slots.enableMultipath();
  }

  /** Issues connection IDs for every path ID both ends allow (MPQUIC, Section 3.2.1). */
  provide(): void {
    if (this.#localIdLimit === 0) return;
    this.#provideFor(0);
    if (!this.multipath) return;
    for (const id of this.#slots.inPlay(this.limits.common)) this.#provideFor(id);
  }

  #provideFor(id: number): void {
    if (this.#slots.isUsedUp(id)) return;
    const slot = this.#slots.make(id);
    const wanted = slot.path === undefined ? IDS_FOR_UNUSED : Infinity;
    if (!slot.abandoned) slot.local.fill(Math.min(this.#localIdLimit, wanted));
  }

  /** The path, if it is still known. */
  find(id: number): Path | undefined {
    return this.#slots.get(id)?.path;
  }

  /**
   * What is known of a path ID that a frame names.
   *
   * @returns Nothing for IDs used up: frames that name them are ignored (MPQUIC, Section 4).
   * @throws {TransportError} If the ID is above what we allowed.
   */
  slot(id: number): PathSlot<Path> | undefined {
    if (id > this.limits.local) {
      throw new TransportError(
        ErrorCode.ProtocolViolation,
        `Cannot use path ID ${id}: the limit is ${this.limits.local}`,
      );
    }
    return this.#slots.isUsedUp(id) ? undefined : this.#slots.make(id);
  }

  /** All path IDs in play. */
  get slots(): IterableIterator<PathSlot<Path>> {
    return this.#slots.all;
  }

  /** The lowest path ID that can be opened now, -1 for none; MPQUIC, Section 3.2.1: without gaps. */
  get openableId(): number {
    for (const id of this.#slots.inPlay(this.limits.common)) {
      if (this.#slots.get(id)?.openable) return id;
    }
    return -1;
  }

  /** Notes why no path can be opened, so that the peer is told (MPQUIC, Section 4.7). */
  noteBlocked(): void {
    for (const id of this.#slots.inPlay(this.limits.common)) {
      const slot = this.#slots.get(id);
      if (slot === undefined || slot.path !== undefined || slot.abandoned) continue;
      if (!slot.remote.usable) this.limits.noteCidsBlocked(id, slot.remote.nextSequence);
      return;
    }
    if (this.limits.remote <= this.limits.local) this.limits.notePathsBlocked();
  }

  /** Opens a path on a path ID that {@linkcode openableId} gave, or on which packets arrived. */
  open(id: number, port: Port, remote: Address, now: number): Path {
    const slot = this.#slots.make(id);
    const path = this.#add(new Path(slot, port, remote, this.#options.context, this));
    path.slot.local.fill(this.#localIdLimit);
    // MPQUIC, Section 3.1: a 4-tuple that another path has validated need not be again.
    const proven = this.paths.some((other) =>
      other !== path && other.readiness >= Readiness.Opening && other.current.validated &&
      other.current.is(port, remote)
    );
    if (!proven) this.validate(path, path.current, now);
    else {
      this.onValidated(path);
      // The peer is to know of it before there are data for it.
      path.space.requestProbes();
    }
    return path;
  }

  /** Begins to challenge a 4-tuple. */
  validate(path: Path, network: Path["current"], now: number): void {
    // RFC 9000, Section 8.2.4: three times the larger of the present and the initial PTO.
    network.validation.start(this.firstWait(path), 3 * this.longestWait, now);
  }

  /** PATH_RESPONSE arrived. MPQUIC, Section 3.1: it comes on the path of the challenge. */
  onPathResponse(path: Path, data: Uint8Array, now: number): void {
    for (const network of [path.current, path.route.candidate, path.route.previous]) {
      if (network === undefined) continue;
      const rtt = network.validation.onResponse(data, now);
      if (rtt < 0) continue;
      network.prove();
      network.rtt.seed(rtt);
      // RFC 9000, Section 8.2.1; MPQUIC, Section 3.1: too little credit kept the challenge small.
      if (!network.validation.sizeProven) this.validate(path, network, now);
      if (network === path.current) this.onValidated(path);
      else this.migration.onProven(path, network, now);
      return;
    }
  }

  /** The current 4-tuple of a path is proven. */
  onValidated(path: Path): void {
    path.current.prove();
    this.observe(path);
    if (path.advance(Stage.Open)) this.#options.observer.onPathOpen(path);
  }

  /** The peer wants to hear which of its addresses we see. */
  startObservations(): void {
    this.#observations = new ObservationCounter();
  }

  /** Tells the peer its address on the current 4-tuple, if it wants to know. */
  observe(path: Path): void {
    if (this.#observations === undefined) return;
    const { remote, reports } = path.current;
    reports.tell(remote, this.#observations);
  }

  /**
   * Abandons a path ID, whether or not a path was opened on it.
   *
   * @param code Why (MPQUIC, Section 4.2).
   */
  abandon(slot: PathSlot<Path>, code: number, now: number): void {
    if (!slot.abandon(code, 3 * this.largestSteadyTimeout)) return;
    const { path } = slot;
    if (path === undefined) return;
    const wait = path.health === Health.Ok ? path.steadyTimeout : 0;
    path.quieten(wait, now);
    this.watch.onAbandoned(path);
    if (path.advance(Stage.Abandoned)) this.#options.observer.onPathClosed(path, code);
  }

  /** PATH_ABANDON arrived. */
  onPathAbandon(id: number, code: number, now: number): void {
    const slot = this.slot(id);
    if (slot === undefined) return;
    slot.onPeerWish();
    this.abandon(slot, code, now);
    slot.onPeerAbandon(now);
  }

  /** PATH_STATUS arrived. MPQUIC, Section 4.3: also for path IDs without a path. */
  onPathStatus(id: number, sequence: number, available: boolean): void {
    const slot = this.slot(id);
    if (slot === undefined || !slot.status.onStatus(sequence, available)) return;
    if (slot.path !== undefined) this.#options.observer.onPathStatus(slot.path);
  }

  /** NEW_CONNECTION_ID or PATH_NEW_CONNECTION_ID arrived. */
  onNewId(
    id: number,
    sequence: number,
    retirePriorTo: number,
    cid: Uint8Array,
    token: Uint8Array,
  ): void {
    const slot = this.slot(id);
    if (slot === undefined || slot.abandoned) return;
    this.#slots.checkNewId(slot, sequence, cid);
    slot.remote.onNew(sequence, retirePriorTo, cid, token);
  }

  /** Whether frames wait that any path may carry. */
  get pending(): boolean {
    if (this.limits.pending) return true;
    for (const slot of this.#slots.all) if (slot.pending) return true;
    return false;
  }

  /** Writes what paths have to tell, as far as it fits. */
  writeFrames(sink: FrameSink): void {
    for (const slot of this.#slots.all) if (slot.pending) slot.writeFrames(sink);
    this.limits.writeFrames(sink);
  }

  /** When {@linkcode expire} must be called. */
  get deadline(): number {
    let earliest = Infinity;
    for (const path of this.paths) earliest = Math.min(earliest, path.deadline);
    for (const slot of this.#slots.all) earliest = Math.min(earliest, slot.removeAt);
    return earliest;
  }

  /** Does what is due, on every path. */
  expire(now: number): void {
    for (let i = this.paths.length - 1; i >= 0; i--) this.#expirePath(this.paths[i]!, now);
    for (const slot of this.#slots.all) if (slot.removeAt <= now) this.#remove(slot);
  }

  /**
   * Nothing can be sent from a port.
   *
   * @param remote Where to; anywhere, and for good, if left out.
   * @returns Whether that concerns any path.
   */
  onPortFailed(port: Port, remote: Address | undefined, now: number): boolean {
    const concerned = this.paths.filter(({ readiness, current }) =>
      readiness >= Readiness.Opening && current.port === port &&
      (remote === undefined || sameAddress(current.remote, remote))
    );
    for (const path of concerned) path.onSendFailed(this.best(path) !== undefined, now);
    const hasOther = this.paths.some((other) =>
      other.readiness >= Readiness.Healthy && !other.life.sendFails
    );
    if (!this.multipath || !hasOther || !this.#options.opensPaths) return concerned.length > 0;
    for (const path of concerned) {
      const { life } = path;
      if (remote !== undefined) {
        if (!life.isUnreachable(now) || !this.watch.isWitnessed(path, now - UNREACHABLE_AFTER)) {
          continue;
        }
      }
      this.#onUnreachable(path, now);
    }
    return concerned.length > 0;
  }

  /** Follows up what an arriving packet changed. */
  settle(now: number): void {
    for (const slot of this.#slots.all) if (slot.acknowledged) slot.countDown(now);
    for (const path of this.paths) {
      if (path.readiness >= Readiness.Opening && path.settleSize()) this.#onUnreachable(path, now);
    }
    if (this.multipath) this.needBackups();
    for (const path of this.paths) {
      if (path.takeHealthNews()) this.#options.observer.onPathHealth(path);
    }
  }

  #expirePath(path: Path, now: number): void {
    path.expireAlways(now);
    if (path.readiness < Readiness.Opening) return;
    if (this.migration.expire(path, now)) this.#onUnproven(path, now);
    path.space.expireTail(now);
    if (path.life.lookAt <= now) this.watch.look(path);
    if (path.keepAliveDeadline <= now) path.space.requestProbes();
    if (path.readiness < Readiness.Opening) return;
    if (path.expireLoss(now)) {
      if (path.loss.ptoCount === SHRINK_AFTER) path.current.onSilence(now);
      if (this.watch.onSilence(path, now)) this.#onUnreachable(path, now);
    }
  }

  /**
   * The 4-tuple of a path could not be validated. While no other path answers either, validation
   * goes on: each attempt costs a path ID, and no new ones come before the peer is heard.
   */
  #onUnproven(path: Path, now: number): void {
    const { validation } = path.current;
    const wait = this.longestWait;
    // Without connection IDs of the peer no challenge can leave.
    const testedAt = path.slot.remote.usable ? validation.testedAt(now) : now - wait;
    if (!this.multipath || this.watch.isWitnessed(path, testedAt)) {
      return this.#onUnreachable(path, now);
    }
    validation.repeat(this.firstWait(path), wait, now);
  }

  /** The 4-tuple of a path cannot be used any more, and no previous one is left. */
  #onUnreachable(path: Path, now: number): void {
    if (this.multipath) {
      const { usable } = path.slot.remote;
      const code = usable ? ErrorCode.PathUnstableOrPoor : ErrorCode.NoCidAvailableForPath;
      this.abandon(path.slot, code, now);
    } else {
      path.advance(Stage.Closed);
      this.#options.observer.onPathClosed(path, ErrorCode.NoViablePath);
    }
  }

  #remove(slot: PathSlot<Path>): void {
    this.#slots.remove(slot);
    this.#options.observer.onPathForgotten(slot.id);
    const { path } = slot;
    if (path !== undefined) {
      path.close();
      this.delete(path);
    }
    // Another path may take its place.
    this.limits.raiseLocal();
    this.provide();
  }

  /** Whether these bytes are a stateless reset token of the peer (RFC 9000, Section 10.3.1). */
  isResetToken(token: Uint8Array): boolean {
    return this.#slots.isResetToken(token);
  }

  /** Ends everything. */
  close(): void {
    for (const slot of this.#slots.all) slot.release();
    for (const path of this.paths) path.current.close();
  }
}
