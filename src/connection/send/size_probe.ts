// When a probe for the datagram size goes before data.

import { BASE_DATAGRAM_SIZE, ETHERNET_DATAGRAM_SIZE } from "../../path/network/mtu_discovery.ts";
import type { NetworkPath } from "../../path/network/network_path.ts";
import type { Path } from "../../path/path.ts";

/**
 * While there are data to send, a path carries this many bytes before its datagrams are enlarged:
 * the first flights decide how long a short transfer takes, and a probe helps only one round trip
 * later.
 */
const EARLY_BYTES = 30_000;

/** A window of fewer such datagrams, as after a silence, is for data alone while there are any. */
const PROBE_SHARE = 4;

/** What is asked of a path. */
type PathToProbe = Pick<Path, "room" | "current">;

/** The size of the probe that should be sent now; 0 for none. */
export function wantedProbe({ mtu, congestion }: NetworkPath, now: number): number {
  return mtu.wantedProbe(now, congestion.window);
}

/**
 * Whether a probe of the size may leave, where a datagram may. For a jumbo probe window and credit
 * have to suffice, and the pacer is owed what is too much: data take its room in smaller parts, and
 * would leave none.
 */
export function hasRoomFor(size: number, { room, current }: PathToProbe): boolean {
  if (size <= ETHERNET_DATAGRAM_SIZE) return size <= room;
  const { bytesInFlight, congestion, credit } = current;
  return size <= congestion.window - bytesInFlight && size <= credit - BASE_DATAGRAM_SIZE;
}

/** Whether a probe for the size does not hurt the data that wait. */
export function isWorthProbing({ bytesSent, congestion }: NetworkPath, size: number): boolean {
  return bytesSent >= EARLY_BYTES && congestion.window >= PROBE_SHARE * size;
}
