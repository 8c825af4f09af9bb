// Wishes of an application to open paths.

import { type Address, sameAddress } from "../path/address/address.ts";
import type { Path } from "../path/path.ts";
import type { PathSet } from "../path/path_set.ts";
import type { Port } from "../path/address/port.ts";
import type { PathStatus } from "../scheduler/scheduler.ts";

/** A wish to open a path; it waits until both ends have connection IDs for it. */
export class PathRequest {
  readonly port: Port;
  readonly remote: Address;
  readonly status: PathStatus;
  /** The ID it gets; -1 while there is none for it. */
  pathId = -1;
  /** The path, once its first packet may leave. */
  path: Path | undefined = undefined;
  /** No caller waits for it any more. */
  cancelled = false;

  constructor(port: Port, remote: Address, status: PathStatus) {
    this.port = port;
    this.remote = remote;
    this.status = status;
  }
}

/** The paths that the application wants and that are not open yet, in the order it asked. */
export class PathRequests {
  readonly #paths: PathSet;
  readonly #waiting: PathRequest[] = [];
  readonly #opening: PathRequest[] = [];

  constructor(paths: PathSet) {
    this.#paths = paths;
  }

  add(request: PathRequest): void {
    this.#waiting.push(request);
  }

  /** Opens what can be opened; what cannot is told to the peer once, and waits. */
  advance(now: number): void {
    while (this.#waiting.length > 0) {
      const request = this.#waiting[0]!;
      if (!request.cancelled) {
        const id = this.#paths.openableId;
        if (id < 0) return this.#paths.noteBlocked();
        // Over a 4-tuple that is proven it is open at once, and asked for before this returns.
        request.pathId = id;
        this.#opening.push(request);
        this.#paths.slot(id)!.status.set(request.status);
        request.path = this.#paths.open(id, request.port, request.remote, now);
      }
      this.#waiting.shift();
    }
  }

  /** The request for a path that has been decided; returned once. */
  take(path: Path): PathRequest | undefined {
    const index = this.#opening.findIndex(({ pathId }) => pathId === path.id);
    return index < 0 ? undefined : this.#opening.splice(index, 1)[0];
  }

  /**
   * Those that still wait for what can never be opened.
   *
   * @param remote Where no path may lead; anywhere if left out.
   */
  refuse(remote?: Address): PathRequest[] {
    const isHopeless = (request: PathRequest) => !remote || sameAddress(request.remote, remote);
    const refused = this.#waiting.filter(isHopeless);
    for (const request of refused) this.#waiting.splice(this.#waiting.indexOf(request), 1);
    return refused;
  }
}
