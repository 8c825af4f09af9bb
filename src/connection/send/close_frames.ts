// Writes CONNECTION_CLOSE frames.

import { Readiness } from "../../scheduler/readiness.ts";
import {
  applicationCloseSize,
  connectionCloseSize,
  writeApplicationClose,
  writeConnectionClose,
} from "../../frame/close.ts";
import type { PacketBuilder } from "../../packet/packet_builder.ts";
import type { Path } from "../../path/path.ts";
import type { PathSet } from "../../path/path_set.ts";
import { type CloseReason, EARLY_APPLICATION_CLOSE } from "../closing.ts";

const utf8 = new TextEncoder();
/** The CONNECTION_CLOSE of an application in packets that observers may read. */
const HIDDEN = { application: false, code: EARLY_APPLICATION_CLOSE, reason: "" };

/** Writes CONNECTION_CLOSE into the open 1-RTT packet, or drops the packet if there is no room. */
export function writeClose(
  builder: PacketBuilder,
  { application, code, reason }: CloseReason,
): void {
  const size = application ? applicationCloseSize(code) : connectionCloseSize(code, 0);
  if (builder.room < size) builder.cancel();
  else if (application) writeApplicationClose(builder.writer, code, utf8.encode(reason));
  else writeConnectionClose(builder.writer, code, 0, utf8.encode(reason));
}

/** RFC 9000, Section 10.2.3: nothing of the application is shown before 1-RTT. */
export function writeEarlyClose(builder: PacketBuilder, reason: CloseReason): void {
  writeClose(builder, reason.application ? { ...reason, ...HIDDEN } : reason);
}

/** The path for a close: a good one, one that lives, or the one the peer will know for longest. */
export function pathForClose(paths: PathSet): Path | undefined {
  const known = paths.paths.filter(({ slot }) => slot.remote.known);
  return paths.best() ?? known.find(({ readiness }) => readiness >= Readiness.Opening) ??
    known.sort((a, b) => orderOf(b) - orderOf(a))[0];
}

/** Both may never end, and then make no difference. */
function orderOf({ slot }: Path): number {
  return Math.min(slot.removeAt, Number.MAX_VALUE);
}
