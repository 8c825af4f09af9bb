// Events about paths.

import type { Queue } from "../bytes/queue.ts";
import { Readiness } from "../scheduler/readiness.ts";
import type { Role } from "../error/role.ts";
import type { Path } from "../path/path.ts";
import type { PathObserver } from "../path/path_set.ts";
import type { ConnectionEvent } from "./event.ts";
import type { KeyRing } from "./handshake/key_ring.ts";
import type { PathRequests } from "./path_requests.ts";

/** Turns changes of paths into events. */
export class PathReports implements PathObserver {
  readonly #role: Role;
  readonly #events: Queue<ConnectionEvent>;
  readonly #requests: PathRequests;
  readonly #keys: KeyRing;

  constructor(
    role: Role,
    events: Queue<ConnectionEvent>,
    requests: PathRequests,
    keys: KeyRing,
  ) {
    this.#role = role;
    this.#events = events;
    this.#requests = requests;
    this.#keys = keys;
  }

  onPathOpen(path: Path): void {
    this.#events.push({ type: "pathOpened", path, request: this.#requests.take(path) });
  }

  onPathClosed(path: Path, code: number): void {
    const request = this.#requests.take(path);
    if (request !== undefined) this.#events.push({ type: "pathRefused", request, code });
    this.#events.push({ type: "pathClosed", path, code });
  }

  onPathMoved(path: Path): void {
    this.#events.push({ type: "pathMoved", path });
  }

  onPathStayed(path: Path): void {
    this.#events.push({ type: "pathStayed", path });
  }

  onPathStatus(path: Path): void {
    // A server that asks to avoid a path may only have lost its client behind a NAT.
    const isDoubt = this.#role === "client" && path.slot.status.remote === "backup";
    if (isDoubt && path.readiness >= Readiness.Open) path.space.requestProbes();
    this.#events.push({ type: "pathStatus", path });
  }

  onPathHealth(path: Path): void {
    this.#events.push({ type: "pathHealth", path, health: path.health });
  }

  onPathForgotten(id: number): void {
    this.#keys.oneRtt?.forgetPath(id);
  }
}
