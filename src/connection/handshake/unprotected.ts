// A client's answers to Retry and Version Negotiation.

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
import type { Handshake } from "./handshake.ts";

/** A client's answers to Retry and Version Negotiation, which no connection key protects. */
export class Unprotected {
  readonly #handshake: Handshake;
  readonly #paths: PathSet;
  readonly #engine: CryptoEngine;

  constructor(handshake: Handshake, paths: PathSet, engine: CryptoEngine) {
    this.#handshake = handshake;
    this.#paths = paths;
    this.#engine = engine;
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
    const { ids, keys } = this.#handshake;
    if (ids.retrySource !== undefined || header.version !== keys.version) return undefined;
    const token = readRetry(header, this.#engine, ids.original);
    const path = this.#paths.find(0);
    if (token === undefined || path === undefined) return undefined;
    if (token.length > MAX_TOKEN) return tooLong(token.length);
    const source = header.sourceId.slice();
    path.slot.remote.adopt(source);
    this.#handshake.onRetry(source, token);
    // 0-RTT data were thrown away with the first Initial; their keys are still good.
    path.space.discard(true);
    path.loss.resetBackoff();
    path.loss.restart(now);
    return undefined;
  }

  #onVersions(header: Header): CloseReason | undefined {
    const { ids, keys, versions: known } = this.#handshake;
    const versions = readVersionNegotiation(header);
    const path = this.#paths.find(0);
    if (versions === undefined || path === undefined) return undefined;
    // RFC 9000, Section 6.2: the IDs must be ours, and a list with our version is no answer.
    if (!equalBytes(header.sourceId, path.slot.remote.current)) return undefined;
    if (versions.includes(keys.version)) return undefined;
    // RFC 9000, Section 6.2: a client that has processed any packet, a Retry too, ignores Version
    // Negotiation. RFC 9368, Section 4: so does a client whose version follows from an earlier one.
    if (ids.retrySource !== undefined || known.negotiated) return undefined;
    return {
      by: "peer",
      application: false,
      code: ErrorCode.VersionNegotiationError,
      mutualVersion: known.mutual(versions),
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
