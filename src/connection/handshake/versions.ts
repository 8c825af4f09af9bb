// Agreement on the version of QUIC.

import type { Random } from "../../crypto/random.ts";
import { ErrorCode } from "../../error/error_code.ts";
import { TransportError } from "../../error/quic_error.ts";
import type { Role } from "../../error/role.ts";
import { greaseVersion } from "../../packet/version.ts";
import type { VersionInformation } from "../parameters/version_information.ts";

/** Which versions an end may use, and how it came to the one it uses. */
export interface VersionOptions {
  /** The versions that this end speaks, the preferred one first; all are compatible. */
  readonly available: readonly number[];
  /**
   * A server: whether its own order counts. If not, it takes the version the client likes best.
   */
  readonly insists: boolean;
  /** A client: whether it got here by a Version Negotiation packet. */
  readonly negotiated: boolean;
}

/**
 * Agreement on a version, and proof that an attacker did not lower it (RFC 9368; RFC 9369, Section
 * 4).
 */
export class Versions {
  /** The version of the client's first packet. */
  readonly original: number;
  readonly #role: Role;
  readonly #options: VersionOptions;

  constructor(role: Role, original: number, options: VersionOptions) {
    this.#role = role;
    this.original = original;
    this.#options = options;
  }

  /** A client: whether it got here by a Version Negotiation packet. */
  get negotiated(): boolean {
    return this.#options.negotiated;
  }

  /** The versions this end speaks, the preferred one first. */
  get available(): readonly number[] {
    return this.#options.available;
  }

  /** Whether packets of this version may be part of the connection. */
  has(version: number): boolean {
    return this.#options.available.includes(version);
  }

  /**
   * The version_information to send. It contains a reserved version, so that peers learn to ignore
   * unknown ones.
   */
  information(chosen: number, random: Random): VersionInformation {
    const reserved = greaseVersion(random.below(0x1_0000_0000));
    return { chosen, available: this.#options.available.concat(reserved) };
  }

  /** The version a client would choose of those on offer; undefined if there is none. */
  mutual(offered: readonly number[]): number | undefined {
    return this.#options.available.find((version) => offered.includes(version));
  }

  /**
   * Judges the peer's version_information.
   *
   * @param inUse The version of the packets that brought it.
   * @returns The version to use from now on.
   * @throws {TransportError} VERSION_NEGOTIATION_ERROR.
   */
  agree(information: VersionInformation | undefined, inUse: number): number {
    if (information === undefined) {
      // RFC 9368, Section 4: without it, the client cannot tell whether Version Negotiation was
      // forged, or whether the server changed the version.
      if (this.#options.negotiated || inUse !== this.original) {
        throw downgrade("the server does not say what it speaks");
      }
      return inUse;
    }
    if (information.chosen !== inUse) {
      throw downgrade("the version in the handshake is not that of the packets");
    }
    if (this.#role === "server") return this.#choose(information.available);
    if (!this.has(inUse)) throw downgrade("the server chose a version not on offer");
    if (this.#options.negotiated) this.#checkNegotiated(information.available);
    return inUse;
  }

  #choose(offered: readonly number[]): number {
    const { available, insists } = this.#options;
    const [first, second] = insists ? [available, offered] : [offered, available];
    return first.find((version) => second.includes(version)) ?? this.original;
  }

  /** RFC 9368, Section 4: knowing what the server speaks, would we be here? */
  #checkNegotiated(available: readonly number[]): void {
    if (available.length > 0 && this.mutual([...available, this.original]) === this.original) {
      return;
    }
    throw downgrade("the server speaks a version that is better for both");
  }
}

function downgrade(reason: string): TransportError {
  return new TransportError(
    ErrorCode.VersionNegotiationError,
    `Cannot agree on a version: ${reason}`,
  );
}
