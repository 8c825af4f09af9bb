// The events of streams.

import type { Kind } from "./connection_credit.ts";
import type { Stream } from "./stream.ts";

/** What the application ought to know about streams. */
export type StreamEvent =
  /** The peer opened a stream; they come in the order of their numbers, each kind by itself. */
  | { readonly type: "opened"; readonly stream: Stream }
  /** Data, the end, or a reset can be had from `stream.receive.read()`. */
  | { readonly type: "readable"; readonly stream: Stream }
  /** `stream.send` takes more, or is done, or the peer asked to stop (`stopCode`). */
  | { readonly type: "writable"; readonly stream: Stream }
  /** A stream of this kind can be opened again after it could not be. */
  | { readonly type: "streamsAvailable"; readonly kind: Kind };
