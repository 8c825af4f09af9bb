import type { Writer } from "../bytes/writer.ts";
import { writeApplicationClose, writeConnectionClose } from "../frame/close.ts";
import type { Path } from "../path/path.ts";
import type { PathSet } from "../path/path_set.ts";
import { type CloseReason, EARLY_APPLICATION_CLOSE } from "./closing.ts";

const NOTHING = new Uint8Array(0);
const utf8 = new TextEncoder();

/** Writes CONNECTION_CLOSE into a 1-RTT packet. */
export function writeClose(writer: Writer, { application, code, reason }: CloseReason): void {
  if (application) writeApplicationClose(writer, code, utf8.encode(reason));
  else writeConnectionClose(writer, code, 0, utf8.encode(reason));
}

/** RFC 9000, Section 10.2.3: nothing of the application is shown before 1-RTT. */
export function writeEarlyClose(writer: Writer, reason: CloseReason): void {
  if (reason.application) writeConnectionClose(writer, EARLY_APPLICATION_CLOSE, 0, NOTHING);
  else writeClose(writer, reason);
}

/** The path for a close: a good one, one that lives, or the one the peer will know for longest. */
export function pathForClose(paths: PathSet): Path | undefined {
  const known = paths.paths.filter(({ slot }) => slot.remote.known);
  return paths.best() ?? known.find(({ live }) => live) ??
    known.sort((a, b) => orderOf(b) - orderOf(a))[0];
}

/** Both may never end, and then make no difference. */
function orderOf({ slot }: Path): number {
  return Math.min(slot.removeAt, Number.MAX_VALUE);
}
