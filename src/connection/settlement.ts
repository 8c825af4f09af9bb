// What follows from what arrived or expired, done once for all that came together.

import type { Role } from "../error/role.ts";
import type { Address } from "../path/address/address.ts";
import type { Port } from "../path/address/port.ts";
import type { Path } from "../path/path.ts";
import type { PathSet } from "../path/path_set.ts";
import type { AccountHome } from "./account_home.ts";
import type { Handshake } from "./handshake/handshake.ts";
import type { KeyRing } from "./handshake/key_ring.ts";
import type { Orphan } from "./orphan.ts";
import type { Peer } from "./parameters/peer.ts";
import type { PathRequests } from "./path_requests.ts";

/** Milliseconds that the first packet of a path may take. */
const NEW_PATH_DELAY = 1_000;

/** The parts of a connection that are looked after. */
export interface SettledParts {
  readonly role: Role;
  readonly keys: KeyRing;
  readonly handshake: Handshake;
  readonly paths: PathSet;
  readonly peer: Peer;
  readonly requests: PathRequests;
  readonly home: AccountHome;
  readonly orphan: Orphan;
  /** Moves a path of a client. */
  move(path: Path, port: Port, remote: Address, now: number): void;
}

/** Does what follows from what arrived or expired: for keys, paths, and those that wait for them. */
export class Settlement {
  readonly #parts: SettledParts;

  constructor(parts: SettledParts) {
    this.#parts = parts;
  }

  settle(now: number): void {
    const { handshake, home, keys, orphan, paths, peer, requests, role } = this.#parts;
    if (keys.oneRtt !== undefined) {
      // The first packet of a new path may still be in flight, under the old keys.
      const least = paths.multipath ? NEW_PATH_DELAY : 0;
      keys.oneRtt.retainFor(Math.max(paths.lingering, least));
    }
    if (handshake.complete) keys.limitZeroRtt(now + paths.lingering);
    paths.settle(now);
    home.settle(paths.paths[0]?.current);
    if (handshake.confirmed && role === "server") {
      for (const path of paths.paths) handshake.tokens.offer(path.current, now);
    }
    if (handshake.confirmed && peer.preferredPending) this.#followPreferred(now);
    if (handshake.complete && paths.multipath) requests.advance(paths, now);
    orphan.settle(paths, now);
  }

  /** Moves a client to the preferred address of the server. */
  #followPreferred(now: number): void {
    const { paths, peer } = this.#parts;
    const path = paths.find(0);
    if (path === undefined) return;
    const { port, remote } = path.current;
    const preferred = peer.takePreferred(port.address, remote);
    if (preferred !== undefined) this.#parts.move(path, port, preferred, now);
  }
}
