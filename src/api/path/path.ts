// A path as applications see it.

import { errorCodeName } from "../../error/error_code.ts";
import { PathError } from "../../error/quic_error.ts";
import type { Path as CorePath } from "../../path/path.ts";
import type { PathStatus } from "../../scheduler/scheduler.ts";
import { type PathStats, pathStats } from "../stats/path_stats.ts";
import type { MigrateOptions } from "./migrate_options.ts";

/**
 * One of the network paths of a connection: a local and a remote address.
 *
 * @example Watch two paths
 * ```ts ignore
 * for (const path of connection.paths) {
 *   console.log(path.localAddr.hostname, path.status, path.stats.smoothedRtt);
 * }
 * ```
 *
 * @category Paths
 */
export interface Path extends AsyncDisposable {
  /** The path's ID; never used twice in a connection. */
  readonly id: number;
  /** Where we send from. */
  readonly localAddr: Deno.NetAddr;
  /** Where the peer is. */
  readonly remoteAddr: Deno.NetAddr;
  /**
   * Whether the path is for use, or only for when no other is left. What either end calls a backup
   * is one. Setting it tells the peer.
   */
  status: PathStatus;
  /** A snapshot of what was measured; still there when the path is closed. */
  readonly stats: PathStats;
  /** Resolves when the peer has proven to be reachable; rejects if it never does. */
  readonly ready: Promise<void>;
  /** Resolves when the path carries nothing any more, with the code that either end gave. */
  readonly closed: Promise<PathCloseInfo>;
  /**
   * Asks the peer to answer on this path.
   *
   * @returns The milliseconds it took.
   */
  ping(): Promise<number>;
  /**
   * Moves the path of a client to another local address or port, or to another address of the
   * server. The path keeps its ID, and transfers go on; measurements begin again.
   *
   * @param options Where to; left out, to another port of the same address.
   * @returns When the new place has proven to work. If it does not, the path stays where it is.
   * @throws {PathError} If it does not work, or the server does not allow it.
   */
  migrate(options?: MigrateOptions): Promise<void>;
  /**
   * Abandons the path; what it carried goes on over the others.
   *
   * @throws {PathError} If it is the last one: close the connection instead.
   */
  close(): void;
}

/**
 * Why a path was closed, and by which end.
 *
 * @category Paths
 */
export interface PathCloseInfo {
  /**
   * The code that either end gave (MPQUIC, Section 4.2); 0 when the connection ended in order. See
   * `ErrorCode`: `ApplicationAbandonPath`, `PathUnstableOrPoor` and the others.
   */
  readonly closeCode: number;
  /** Which end closed it, or the connection, first. */
  readonly by: "local" | "peer";
}

/** What a path asks of its connection. */
export interface PathOwner {
  /** Abandons the path; throws if it is the last one. */
  abandon(path: CorePath): void;
  /** Sends a PING on the path, and resolves with the time until it is acknowledged. */
  ping(path: CorePath): Promise<number>;
  /** Moves the path. */
  migrate(path: CorePath, options: MigrateOptions): Promise<void>;
  /** Says that there is something to send. */
  wake(): void;
}

/** A `Path` over the core's path. */
export class ApiPath implements Path {
  readonly core: CorePath;
  readonly #owner: PathOwner;
  readonly #ready = Promise.withResolvers<void>();
  readonly #closed = Promise.withResolvers<PathCloseInfo>();
  #isClosed = false;
  #openedAt: number | undefined;
  #closedAt: number | undefined;

  constructor(core: CorePath, owner: PathOwner) {
    this.core = core;
    this.#owner = owner;
    // An application need not wait for a path: a rejection that it ignores must not end the
    // program.
    this.#ready.promise.catch(() => {});
  }

  get id(): number {
    return this.core.id;
  }

  get localAddr(): Deno.NetAddr {
    return { ...this.core.current.port.address };
  }

  get remoteAddr(): Deno.NetAddr {
    return { ...this.core.current.remote };
  }

  get status(): PathStatus {
    return this.core.status;
  }

  set status(status: PathStatus) {
    this.core.slot.status.set(status);
    this.#owner.wake();
  }

  get stats(): PathStats {
    return pathStats(this.core, this.#openedAt, this.#closedAt);
  }

  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  get closed(): Promise<PathCloseInfo> {
    return this.#closed.promise;
  }

  ping(): Promise<number> {
    if (this.#isClosed) {
      return Promise.reject(new PathError(0, `Cannot ping path ${this.id}: it is closed`));
    }
    return this.#owner.ping(this.core);
  }

  async migrate(options: MigrateOptions = {}): Promise<void> {
    if (this.#isClosed) throw new PathError(0, `Cannot move path ${this.id}: it is closed`);
    await this.#owner.migrate(this.core, options);
  }

  /** Whether it is a path of this connection, or was. */
  isOf(owner: PathOwner): boolean {
    return this.#owner === owner;
  }

  close(): void {
    if (!this.#isClosed) this.#owner.abandon(this.core);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.closed;
  }

  /** The peer has proven to be reachable. */
  onReady(now: number): void {
    this.#openedAt ??= now;
    this.#ready.resolve();
  }

  /** The path carries nothing any more. */
  onClosed(info: PathCloseInfo, now: number): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#closedAt = now;
    const { closeCode } = info;
    const why = errorCodeName(closeCode);
    this.#ready.reject(new PathError(closeCode, `Cannot use path ${this.id}: closed, ${why}`));
    this.#closed.resolve(info);
  }
}
