// A stream of the peer's for a session.

import type { StreamError } from "../../error/quic_error.ts";
import type { H3ReceiveStream, H3SendStream } from "../transport.ts";
import type { FrameReader } from "../wire/frame_reader.ts";
import type { StreamKind } from "./session_credit.ts";

/** A stream of the peer's that names a session, behind its header. */
export interface IncomingStream {
  /** The session that it is of. */
  readonly sessionId: number;
  /** What reads the rest of it. */
  readonly frames: FrameReader;
  /** The half that is read. */
  readonly readable: H3ReceiveStream;
  /** The other half, if it has both. */
  readonly writable?: H3SendStream | undefined;
}

/** Ends a stream of the peer's that no application will see. */
export function refuseStream({ frames, writable }: IncomingStream, error: StreamError): void {
  frames.cancel(error);
  writable?.abort(error).catch(ignore);
}

/** Which kind it is. */
export function kindOf({ writable }: IncomingStream): StreamKind {
  return writable ? "bidirectional" : "unidirectional";
}

function ignore(): void {}
