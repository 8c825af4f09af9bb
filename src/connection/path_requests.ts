// Wishes of an application to open paths.

import { type Address, sameAddress } from "../path/address/address.ts";
import type { Path } from "../path/path.ts";
import type { PathSet } from "../path/path_set.ts";
import type { Port } from "../path/address/port.ts";
import type { PathStatus } from "../scheduler/scheduler.ts";

/** A wish to open a path; it waits until both ends have connection IDs for it. */
export class PathRequest {
  /** Where the path begins. */
  readonly port: Port;
  /** Where it leads. */
  readonly remote: Address;
  /** The status it is opened with. */
  readonly status: PathStatus;
  /** The ID it gets; -1 while there is none for it. */
  pathId: number = -1;
  /** The path, once its first packet may leave. */
  path: Path | undefined = undefined;
  #isCancelled = false;

  /** @internal */
  constructor(port: Port, remote: Address, status: PathStatus) {
    this.port = port;
    this.remote = remote;
    this.status = status;
  }

  /** Whether no caller waits for it any more. */
  get cancelled(): boolean {
    return this.#isCancelled;
  }

  /** No caller waits for it any more. */
  cancel(): void {
    this.#isCancelled = true;
  }
}

/** The paths that the application wants and that are not open yet, in the order it asked. */
export class PathRequests {
  readonly #waiting: PathRequest[] = [];
  readonly #opening: PathRequest[] = [];

  add(request: PathRequest): void {
    this.#waiting.push(request);
  }

  /** Opens what can be opened; what cannot is told to the peer once, and waits. */
  advance(paths: PathSet, now: number): void {
    while (this.#waiting.length > 0) {
      const request = this.#waiting[0]!;
      if (!request.cancelled) {
        const id = paths.openableId;
        if (id < 0) return paths.noteBlocked();
        // Over a 4-tuple that is proven it is open at once, and asked for before this returns.
        request.pathId = id;
        this.#opening.push(request);
        paths.slot(id)!.status.set(request.status);
        request.path = paths.open(id, request.port, request.remote, now);
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
