// The events of a connection.

import type { Address } from "../path/address/address.ts";
import type { Health } from "../path/health/lifecycle.ts";
import type { Path } from "../path/path.ts";
import type { StreamEvent } from "../stream/stream_event.ts";
import type { Session } from "../tls/session.ts";
import type { CloseReason } from "./closing.ts";
import type { PathObstacle } from "./obstacle.ts";
import type { PathRequest } from "./path_requests.ts";
import type { PingRequest } from "./ping_request.ts";

/** What happened in a connection that the application may want to know. */
export type ConnectionEvent =
  | StreamEvent
  /** The identity of the peer is proven, and the handshake is complete; 1-RTT data flow. */
  | { readonly type: "handshakeCompleted" }
  /** The server reads none of the 0-RTT data; it goes out again by itself. */
  | { readonly type: "earlyDataRejected" }
  /** A server reads the client's 0-RTT data from now on. */
  | { readonly type: "earlyDataAccepted" }
  /** One more DATAGRAM waits in `datagrams`; what takes the place of an older one is not told. */
  | { readonly type: "datagramReceived" }
  /** DATAGRAMs can be queued again after they could not be. */
  | { readonly type: "datagramsSent" }
  /** A path is validated; `request` is what asked for it, if this end did. */
  | { readonly type: "pathOpened"; readonly path: Path; readonly request?: PathRequest | undefined }
  /** A path was abandoned by either end, or could not be validated. */
  | { readonly type: "pathClosed"; readonly path: Path; readonly code: number }
  /** A path that was asked for cannot be opened. */
  | {
    readonly type: "pathRefused";
    readonly request: PathRequest;
    readonly code: number;
    /** What is in the way for good; left out if the path was tried and abandoned. */
    readonly obstacle?: PathObstacle | undefined;
  }
  /** A path has changed its 4-tuple: by our migration, or since the client has moved. */
  | { readonly type: "pathMoved"; readonly path: Path }
  /** A path was not moved: the new place does not answer. */
  | { readonly type: "pathStayed"; readonly path: Path }
  /** The peer wants another status for a path. */
  | { readonly type: "pathStatus"; readonly path: Path }
  /** A path is suspect, given up on, or well again. */
  | { readonly type: "pathHealth"; readonly path: Path; readonly health: Health }
  /** The server has told of another address, or withdrawn one; see `remoteAddresses`. */
  | { readonly type: "remoteAddresses" }
  /** The peer tells which address of ours it sees on a path. */
  | { readonly type: "observedAddress"; readonly path: Path; readonly address: Address }
  /** A PING was answered. */
  | { readonly type: "pong"; readonly request: PingRequest }
  /** NEW_TOKEN: to be shown to this server the next time (RFC 9000, Section 8.1.3). */
  | { readonly type: "newToken"; readonly token: Uint8Array }
  /** A session to resume in a later connection to this server; each is good for one. */
  | { readonly type: "session"; readonly session: Session }
  /** The connection is over, though it may still answer for a while. */
  | { readonly type: "closed"; readonly reason: CloseReason };
