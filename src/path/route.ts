// The network paths of one path: the current, the candidate and the previous one.

import type { Address } from "./address/address.ts";
import type { NetworkPath } from "./network/network_path.ts";
import type { Port } from "./address/port.ts";

/** Makes the network path of a new 4-tuple. */
export type MakeNetworkPath = (port: Port, remote: Address) => NetworkPath;

/**
 * The 4-tuples of one path (RFC 9000, Section 9): the one in use, one that is tried beside it, and
 * the one before, to return to. `Migration` decides; the route alone changes.
 *
 * @internal
 */
export class Route {
  /** The 4-tuple in use. */
  current: NetworkPath;
  readonly #make: MakeNetworkPath;
  #candidate: NetworkPath | undefined;
  #previous: NetworkPath | undefined;
  #isCandidateWanted = false;
  #staysUntil = -Infinity;
  #leavesAt = Infinity;

  constructor(current: NetworkPath, make: MakeNetworkPath) {
    this.current = current;
    this.#make = make;
  }

  /** A 4-tuple that is tried beside it. */
  get candidate(): NetworkPath | undefined {
    return this.#candidate;
  }

  /** The 4-tuple before, to return to if the present one cannot be validated. */
  get previous(): NetworkPath | undefined {
    return this.#previous;
  }

  /** Whether the path is to move to the candidate as soon as that is proven: our own migration. */
  get isCandidateWanted(): boolean {
    return this.#isCandidateWanted;
  }

  /** When the 4-tuple before is forgotten. */
  get leavesAt(): number {
    return this.#leavesAt;
  }

  /** When a challenge is due again, or the 4-tuple before is forgotten. */
  get deadline(): number {
    let earliest = Math.min(this.#leavesAt, this.current.validation.deadline);
    if (this.#candidate) earliest = Math.min(earliest, this.#candidate.validation.deadline);
    if (this.#previous) earliest = Math.min(earliest, this.#previous.validation.deadline);
    return earliest;
  }

  /** A 4-tuple that has something of its own to send and may. */
  get validating(): NetworkPath | undefined {
    if (this.current.mayValidate) return this.current;
    if (this.#candidate?.mayValidate) return this.#candidate;
    return this.#previous?.mayValidate ? this.#previous : undefined;
  }

  /** The 4-tuple of these two ends, if the path knows it. */
  find(port: Port, remote: Address): NetworkPath | undefined {
    if (this.current.is(port, remote)) return this.current;
    if (this.#candidate?.is(port, remote)) return this.#candidate;
    if (this.#previous?.is(port, remote)) return this.#previous;
    return undefined;
  }

  /** Makes another 4-tuple known, to be tried in place of what was tried before. */
  try(port: Port, remote: Address): NetworkPath {
    this.#candidate?.close();
    this.#candidate = this.#make(port, remote);
    this.#isCandidateWanted = false;
    return this.#candidate;
  }

  /** The path moves to a 4-tuple as soon as that is proven, if it is the one that is tried. */
  want(network: NetworkPath): void {
    this.#isCandidateWanted = network === this.#candidate;
  }

  /** Forgets what was tried; tells whether the path was to move there. */
  dropCandidate(): boolean {
    const wasWanted = this.#isCandidateWanted;
    this.#candidate?.close();
    this.#candidate = undefined;
    this.#isCandidateWanted = false;
    return wasWanted;
  }

  /**
   * Moves to a 4-tuple that is known or was just learned (RFC 9000, Section 9.3).
   *
   * @returns Whether only the peer's port differs.
   */
  moveTo(next: NetworkPath, now: number): boolean {
    const old = this.current;
    if (next === old) return true;
    const isRebinding = next.port === old.port && next.remote.hostname === old.remote.hostname;
    // RFC 9000, Section 9.4: start over, unless the change is a mere rebinding of the port.
    if (isRebinding) next.succeed(old, now);
    if (this.#candidate === next) this.#candidate = undefined;
    this.#isCandidateWanted = false;
    // What to fall back to is the last address that was proven (RFC 9000, Section 9.3.2).
    if (old.validated) {
      if (this.#previous !== next) this.#previous?.close();
      this.#previous = old;
    } else {
      old.close();
      if (this.#previous === next) this.#previous = undefined;
    }
    this.current = next;
    return isRebinding;
  }

  /** Follows the peer to no other 4-tuple until a time; -Infinity frees it. */
  stayUntil(time: number): void {
    this.#staysUntil = time;
  }

  /** Whether it follows the peer to no other 4-tuple now. */
  stays(now: number): boolean {
    return now < this.#staysUntil;
  }

  /** The 4-tuple before is forgotten at a time. */
  leaveAt(time: number): void {
    this.#leavesAt = time;
  }

  /** Forgets the 4-tuple before. */
  leave(): void {
    this.#leavesAt = Infinity;
    this.#previous?.close();
    this.#previous = undefined;
  }

  /** The clock has jumped: challenges get that much more time, and no sample spans the jump. */
  onClockJump(by: number, now: number): void {
    for (const network of [this.current, this.#candidate, this.#previous]) {
      network?.validation.extend(by);
      network?.rtt.distrustBefore(now);
    }
  }

  /** Stops all validation. */
  stopValidation(): void {
    this.current.validation.stop();
    this.#candidate?.validation.stop();
    this.#previous?.validation.stop();
  }

  /** Ends all of its 4-tuples. */
  close(): void {
    this.current.close();
    this.#candidate?.close();
    this.#previous?.close();
  }
}
