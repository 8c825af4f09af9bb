// Moves paths from one 4-tuple to another (RFC 9000, Section 9).

import { Readiness } from "../scheduler/readiness.ts";
import type { Address } from "./address/address.ts";
import type { NetworkPath } from "./network/network_path.ts";
import type { Path } from "./path.ts";
import type { Port } from "./address/port.ts";

/** Probe timeouts for which the previous 4-tuple is still known. */
const LEAVING = 3;

/** What a migration needs of the set of paths. */
export interface MigrationContext {
  /** Begins to challenge a 4-tuple. */
  validate(path: Path, network: NetworkPath, now: number): void;
  /** The current 4-tuple of a path is proven. */
  onValidated(path: Path): void;
  /** Tells the peer its address on the current 4-tuple, if it wants to know. */
  observe(path: Path): void;
}

/** Callbacks for the end of migrations. */
export interface MigrationObserver {
  /** The path uses another 4-tuple now; a client's is proven, a server's not yet. */
  onPathMoved(path: Path): void;
  /** The 4-tuple that a client wanted to move to does not answer. */
  onPathStayed(path: Path): void;
}

/**
 * Changes of a path's 4-tuple (RFC 9000, Section 9), whichever path it is.
 *
 * @internal
 */
export class Migration {
  readonly #context: MigrationContext;
  readonly #observer: MigrationObserver;
  /** The path of a server that moved last to an address which was not proven. */
  #moving: Path | undefined;

  constructor(context: MigrationContext, observer: MigrationObserver) {
    this.#context = context;
    this.#observer = observer;
  }

  /**
   * A client begins to move a path, once the new 4-tuple has proven to work, as it must with a
   * preferred address (RFC 9000, Section 9.6.2).
   *
   * @returns Whether there is a connection ID for it: the old one must not be seen there as well
   * (RFC 9000, Section 9.5).
   */
  begin(path: Path, port: Port, remote: Address, now: number): boolean {
    const { remote: ids } = path.slot;
    // One that was shown at another address that was tried is of no use any more.
    if (path.route.candidate !== undefined) ids.dropReserved();
    if (!ids.reserve()) return false;
    const network = path.route.try(port, remote);
    path.route.want(network);
    this.#context.validate(path, network, now);
    return true;
  }

  /** A packet of a server's client came by a 4-tuple that its path does not know. */
  meet(path: Path, port: Port, remote: Address): NetworkPath {
    const { remote: ids } = path.slot;
    // RFC 9000, Section 9.5: an ID that was seen at the address tried before is not shown here as
    // well. If there is no other, these two addresses are linked rather than one with that in use.
    if (ids.hasSpare) ids.dropReserved();
    return path.route.try(port, remote);
  }

  /** The candidate of a client has answered. */
  onProven(path: Path, network: NetworkPath, now: number): void {
    const { route } = path;
    if (network !== route.candidate || !route.isCandidateWanted) return;
    // RFC 9000, Section 9.6.3: whatever else was being validated is of no interest any more.
    route.leaveAt(now + LEAVING * path.steadyTimeout);
    const isKept = route.current.validated;
    route.moveTo(network, now);
    this.#context.onValidated(path);
    path.slot.remote.useReserved(isKept);
    // RFC 9000, Section 9.2: the server follows the first packet that is not for probing.
    path.space.requestProbes();
    this.#observer.onPathMoved(path);
  }

  /** A server's client sends from another address now (RFC 9000, Section 9.3). */
  follow(path: Path, network: NetworkPath, now: number): void {
    const { route } = path;
    const old = route.current;
    // RFC 9000, Section 9.6.2: a server leaves the address it was met at for one that is proven.
    const moved = network.port !== old.port;
    if (!network.validated && (moved || this.#isBusy(path))) {
      // It has to prove itself first, and is followed then: nothing more may come from there.
      route.want(network);
      if (!network.validation.pending) this.#context.validate(path, network, now);
      return;
    }
    // An attacker who resends packets of a client from elsewhere must not make us move all the
    // time.
    if (route.stays(now)) return;
    route.stayUntil(now + path.steadyTimeout);
    route.leaveAt(now + LEAVING * path.steadyTimeout);
    const { remote: ids } = path.slot;
    const wasTried = network === route.candidate;
    const isRebinding = route.moveTo(network, now);
    this.#context.observe(path);
    // RFC 9000, Section 9.5: an ID that has not been seen on another address, if there is one.
    const isChanged = (wasTried && ids.useReserved(old.validated)) ||
      (!isRebinding && ids.rotate(old.validated));
    // What is returned to shares the ID in use then, and the one before was seen elsewhere.
    if (!isChanged && old.validated) ids.dropFormer();
    if (network.validated) {
      // It may have been proven before the address that the path was to be opened on.
      this.#context.onValidated(path);
    } else {
      this.#moving = path;
      this.#context.validate(path, network, now);
    }
    // RFC 9000, Section 9.3.3: had an attacker moved the peer, its true address would answer. An
    // answer from before an earlier move does not count.
    const { previous } = route;
    if (previous !== undefined && (previous === old || !network.validated)) {
      this.#context.validate(path, previous, now);
    }
    this.#observer.onPathMoved(path);
  }

  /** MPQUIC, Section 7.2: one path at a time is followed to an address that is not proven. */
  #isBusy(path: Path): boolean {
    const other = this.#moving;
    return other !== undefined && other !== path && other.readiness >= Readiness.Opening &&
      !other.current.validated;
  }

  /**
   * Repeats challenges, or gives them up.
   *
   * @returns Whether the 4-tuple in use failed and there is none to return to.
   */
  expire(path: Path, now: number): boolean {
    const { route } = path;
    if (route.leavesAt <= now) this.#leave(path, now);
    const { current, candidate, previous } = route;
    current.validation.expire(now);
    candidate?.validation.expire(now);
    previous?.validation.expire(now);
    // It was proven once: what else is there to fall back to (RFC 9000, Section 9.3.2)?
    previous?.validation.takeFailure();
    if (candidate?.validation.failed) this.#onUnproven(path);
    if (!current.validation.takeFailure()) return false;
    if (current.validated) {
      // The peer is there, but large datagrams seem not to get there.
      current.mtu.doubt(now);
      return false;
    }
    if (previous === undefined) return true;
    if (!previous.validation.answered) {
      // The client is not where it was either: whichever answers first is right.
      this.#context.validate(path, current, now);
      if (!previous.validation.pending) this.#context.validate(path, previous, now);
      return false;
    }
    previous.validation.stop();
    route.moveTo(previous, now);
    path.slot.remote.useFormer();
    route.stayUntil(-Infinity);
    this.#observer.onPathMoved(path);
    return false;
  }

  /** Packets that were under way to the 4-tuple before have arrived, or never will. */
  #leave(path: Path, now: number): void {
    if (!path.current.validated) {
      // RFC 9000, Section 9.3.2: it may still be needed.
      path.route.leaveAt(now + LEAVING * path.steadyTimeout);
      return;
    }
    path.route.leave();
    path.slot.remote.dropFormer();
  }

  /** What was tried does not answer: RFC 9000, Section 9.6.1: the address in use stays so. */
  #onUnproven(path: Path): void {
    const wasWanted = path.route.dropCandidate();
    path.slot.remote.dropReserved();
    if (wasWanted) this.#observer.onPathStayed(path);
  }
}
