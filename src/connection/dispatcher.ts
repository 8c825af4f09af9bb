import { ErrorCode } from "../error/error_code.ts";
import { TransportError } from "../error/quic_error.ts";
import { Health } from "../path/lifecycle.ts";
import type { Path } from "../path/path.ts";
import type { PathSet } from "../path/path_set.ts";
import type { SentPacket } from "../recovery/sent_packet.ts";
import type { Assignment, ScheduleContext, Scheduler } from "../scheduler/scheduler.ts";
import type { StreamSet } from "../stream/stream_set.ts";
import { Reinjector } from "./reinjector.ts";

/** Asks the scheduler, on behalf of the sender, with the paths it may choose from. */
export class Dispatcher {
  /** May be replaced at any time. */
  scheduler: Scheduler;
  /** When to ask again at the latest: pacing or the scheduler holds data back. */
  deadline = Infinity;
  readonly #paths: PathSet;
  readonly #streams: StreamSet;
  readonly #usable: Path[] = [];
  readonly #context: Context;
  readonly #reinjector: Reinjector;

  constructor(scheduler: Scheduler, paths: PathSet, streams: StreamSet) {
    this.scheduler = scheduler;
    this.#paths = paths;
    this.#streams = streams;
    this.#reinjector = new Reinjector(paths);
    this.#context = { now: 0, credit: 0, waiting: false, order: streams.queue.order };
  }

  /** Brings the views up to date; done once before datagrams are asked for. */
  refresh(now: number): void {
    for (const path of this.#paths.paths) path.refresh(now);
    this.#context.now = now;
    this.deadline = Infinity;
  }

  /**
   * Where the next datagram with data goes.
   *
   * @throws {TransportError} INTERNAL_ERROR if the scheduler throws or names a path it was not given.
   */
  assign(now: number): Assignment | undefined {
    const usable = this.#select();
    let open = false;
    for (const path of usable) {
      path.refresh(now);
      if (path.room > 0) open = true;
    }
    if (!open) {
      this.#waitForPacing(usable, now);
      return undefined;
    }
    const answer = this.#ask(usable);
    const path = answer?.path;
    if (path !== undefined && path.room > 0) {
      if (!usable.includes(path as Path)) throw badChoice();
      this.#context.waiting = false;
      return answer;
    }
    this.#context.waiting = true;
    this.deadline = Math.max(answer?.until ?? Infinity, now + 1);
    this.#waitForPacing(usable, now);
    this.#markUnused(usable);
    return undefined;
  }

  #ask(usable: readonly Path[]): Assignment | undefined {
    const context = this.#context;
    context.credit = this.#streams.credit.send.room;
    context.order = this.#streams.queue.order;
    try {
      return this.scheduler(usable, this.#streams.views, context);
    } catch (error) {
      throw new TransportError(ErrorCode.InternalError, "Cannot schedule: the scheduler failed", {
        cause: error,
      });
    }
  }

  /**
   * The paths to choose from: available and healthy ones; else backups; else those in doubt.
   * Schedulers obey PATH_STATUS and failures without knowing of them.
   */
  #select(): readonly Path[] {
    const usable = this.#usable;
    usable.length = 0;
    for (const path of this.#paths.paths) {
      if (isFit(path) && path.status === "available") usable.push(path);
    }
    if (usable.length > 0) return usable;
    for (const path of this.#paths.paths) if (isFit(path)) usable.push(path);
    if (usable.length > 0) return usable;
    for (const path of this.#paths.paths) if (isUsable(path, Health.Failed)) usable.push(path);
    return usable;
  }

  /** A path whose window is open and whose pacer is not says when it will be. */
  #waitForPacing(usable: readonly Path[], now: number): void {
    for (const path of usable) {
      const { current } = path;
      if (current.windowBlocked || current.port.buffer === undefined) continue;
      const at = current.pacer.nextSendAt(now);
      if (at > now && at < this.deadline) this.deadline = at;
    }
  }

  /** The scheduler leaves paths unused that have room: what they deliver says little. */
  #markUnused(usable: readonly Path[]): void {
    for (const path of usable) if (path.room > 0) path.current.markAppLimited();
  }

  /**
   * Nothing waits to be sent: paths with room left are limited by the application.
   *
   * @returns What should be sent once more on `copyPaths`, if anything.
   */
  onIdle(now: number): SentPacket | undefined {
    const straggler = this.#reinjector.next(now);
    this.deadline = Math.min(this.deadline, this.#reinjector.deadline);
    if (straggler !== undefined) return straggler;
    this.#markIdle();
    return undefined;
  }

  /** Bytes sent once more so far, to arrive sooner. */
  get copied(): number {
    return this.#reinjector.copied;
  }

  /** Where what {@linkcode onIdle} gave goes. */
  get copyPaths(): readonly Path[] {
    return this.#reinjector.targets;
  }

  #markIdle(): void {
    for (const path of this.#paths.paths) {
      if (path.open && !path.current.windowBlocked) path.current.markAppLimited();
    }
  }
}

/** The one object that is given to the scheduler each time. */
type Context = { -readonly [Key in keyof ScheduleContext]: ScheduleContext[Key] };

function isFit(path: Path): boolean {
  return isUsable(path, Health.Ok) && !path.stuck;
}

function isUsable(path: Path, worst: Health): boolean {
  return path.open && path.health <= worst && path.slot.remote.usable;
}

function badChoice(): TransportError {
  return new TransportError(
    ErrorCode.InternalError,
    "Cannot schedule: the scheduler named a path that it was not given",
  );
}
