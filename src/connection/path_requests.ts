import { ErrorCode } from "../error/error_code.ts";
import type { Address } from "../path/address.ts";
import type { Path } from "../path/path.ts";
import type { PathSet } from "../path/path_set.ts";
import type { Port } from "../path/port.ts";
import type { PathStatus } from "../scheduler/scheduler.ts";

/** A wish to open a path; it waits until both ends have connection IDs for it. */
export class PathRequest {
  readonly port: Port;
  readonly remote: Address;
  readonly status: PathStatus;
  /** The path, once its first packet may leave. */
  path: Path | undefined = undefined;
  /** Nobody waits for it any more. */
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
        request.path = this.#paths.open(id, request.port, request.remote, now);
        request.path.slot.status.set(request.status);
        this.#opening.push(request);
      }
      this.#waiting.shift();
    }
  }

  /** What asked for a path whose fate is known now; asked once. */
  take(path: Path): PathRequest | undefined {
    const index = this.#opening.findIndex((request) => request.path === path);
    return index < 0 ? undefined : this.#opening.splice(index, 1)[0];
  }

  /** All that still wait, when no path can ever be opened. */
  refuse(): PathRequest[] {
    return this.#waiting.splice(0);
  }
}

/** Why requests are refused when the peer does not speak multipath. */
export const NO_MULTIPATH: number = ErrorCode.NoViablePath;
