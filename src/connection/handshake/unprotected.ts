import { equalBytes } from "../../bytes/bytes.ts";
import type { CryptoEngine } from "../../crypto/aead.ts";
import { ErrorCode } from "../../error/error_code.ts";
import { MAX_TOKEN } from "../../limits/limits.ts";
import type { Header } from "../../packet/header.ts";
import { PacketType } from "../../packet/packet_type.ts";
import { readRetry } from "../../packet/retry.ts";
import { readVersionNegotiation } from "../../packet/version_negotiation.ts";
import type { PathSet } from "../../path/path_set.ts";
import type { CloseReason } from "../closing.ts";
import type { HandshakeDriver } from "./handshake_driver.ts";
import type { KeyRing } from "./key_ring.ts";
import type { Versions } from "./versions.ts";

/** The parts that unprotected packets concern. */
export interface UnprotectedParts {
  readonly handshake: HandshakeDriver;
  readonly keys: KeyRing;
  readonly paths: PathSet;
  readonly versions: Versions;
}

/** A client's answers to Retry and Version Negotiation, which no connection key protects. */
export class Unprotected {
  /** From a Retry or an earlier connection. */
  #token: Uint8Array | undefined = undefined;
  readonly #handshake: HandshakeDriver;
  readonly #keys: KeyRing;
  readonly #paths: PathSet;
  readonly #versions: Versions;
  readonly #engine: CryptoEngine;

  constructor(parts: UnprotectedParts, engine: CryptoEngine) {
    this.#handshake = parts.handshake;
    this.#keys = parts.keys;
    this.#paths = parts.paths;
    this.#versions = parts.versions;
    this.#engine = engine;
  }

  /** The token for Initial packets. */
  get token(): Uint8Array | undefined {
    return this.#token;
  }

  /** Shows a token of an earlier connection, unless it leaves Initial packets no room. */
  offer(token: Uint8Array): void {
    if (token.length <= MAX_TOKEN) this.#token = token;
  }

  /**
   * Such a packet arrived. RFC 9000, Sections 6.2 and 17.2.5.2: it only counts for a client, and
   * only as the first answer.
   *
   * @returns Why the connection is over, if it is.
   */
  receive(header: Header, now: number): CloseReason | undefined {
    const { ids, role } = this.#handshake;
    if (role === "server" || ids.peerSource !== undefined) return undefined;
    if (header.type === PacketType.Retry) return this.#onRetry(header, now);
    if (header.type === PacketType.VersionNegotiation) return this.#onVersions(header);
    return undefined;
  }

  #onRetry(header: Header, now: number): CloseReason | undefined {
    const { ids, initialCrypto, initialSpace } = this.#handshake;
    if (ids.retrySource !== undefined || header.version !== this.#keys.version) return undefined;
    const token = readRetry(header, this.#engine, ids.original);
    const path = this.#paths.find(0);
    if (token === undefined || path === undefined) return undefined;
    if (token.length > MAX_TOKEN) return tooLong(token.length);
    const source = header.sourceId.slice();
    ids.retrySource = source;
    this.#token = token;
    path.slot.remote.adopt(source);
    this.#keys.deriveInitial(source);
    // RFC 9000, Section 17.2.5.3: the same messages again; packet numbers go on.
    initialSpace.discard(false);
    initialCrypto.resend();
    // 0-RTT data were thrown away with the first Initial; their keys are still good.
    path.space.discard(true);
    path.loss.resetBackoff();
    path.loss.restart(now);
    return undefined;
  }

  #onVersions(header: Header): CloseReason | undefined {
    const versions = readVersionNegotiation(header);
    const path = this.#paths.find(0);
    if (versions === undefined || path === undefined) return undefined;
    // RFC 9000, Section 6.2: the IDs must be ours, and a list with our version is no answer.
    if (!equalBytes(header.sourceId, path.slot.remote.current)) return undefined;
    if (versions.includes(this.#keys.version)) return undefined;
    // RFC 9000, Section 6.2: a client that has processed any packet, a Retry too, ignores Version
    // Negotiation. RFC 9368, Section 4: so does a client whose version follows from an earlier one.
    if (this.#handshake.ids.retrySource !== undefined || this.#versions.negotiated) {
      return undefined;
    }
    const mutual = this.#versions.mutual(versions);
    return {
      by: "peer",
      application: false,
      code: ErrorCode.VersionNegotiationError,
      mutualVersion: mutual,
      reason: `The server speaks other versions: ${listed(versions)}`,
    };
  }
}

/** So many versions are named to people; a datagram has room for thousands. */
const MAX_NAMED = 16;

function tooLong(length: number): CloseReason {
  return {
    by: "local",
    application: false,
    code: ErrorCode.InvalidToken,
    reason: `Cannot show the server's token: ${length} bytes leave an Initial packet no room`,
  };
}

function listed(versions: readonly number[]): string {
  const named = versions.slice(0, MAX_NAMED).map((version) => `0x${version.toString(16)}`);
  const more = versions.length - named.length;
  return named.join() + (more > 0 ? ` and ${more} more` : "");
}
