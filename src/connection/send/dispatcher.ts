// Asks the scheduler for a path and streams.

import { Readiness } from "../../scheduler/readiness.ts";
import { ErrorCode } from "../../error/error_code.ts";
import { TransportError } from "../../error/quic_error.ts";
import type { Path } from "../../path/path.ts";
import type { PathSet } from "../../path/path_set.ts";
import type { SentPacket } from "../../recovery/sent_packet.ts";
import {
  type Assignment,
  type PathView,
  type ScheduleContext,
  type Scheduler,
  schedulerOf,
} from "../../scheduler/scheduler.ts";
import type { StreamSet } from "../../stream/stream_set.ts";
import type { StreamView } from "../../scheduler/stream_order.ts";
import type { DatagramQueue } from "../datagram_queue.ts";
import type { TransportConfig } from "../config.ts";
import { type Decision, PathBindings } from "./path_bindings.ts";
import { Reinjector } from "./reinjector.ts";

/** Asks the scheduler for the sender, and shows it the paths it may choose. */
export class Dispatcher {
  /** Streams and datagrams that are bound to paths. */
  readonly bindings: PathBindings;
  /** When to ask again at the latest: pacing or the scheduler holds data back. */
  deadline = Infinity;
  /** Bytes of DATAGRAM frames that do not leave where data leave now, unless they are bound there. */
  heldDatagrams = 0;
  #scheduler: Scheduler;
  readonly #paths: PathSet;
  readonly #streams: StreamSet;
  readonly #usable: Path[] = [];
  readonly #copies: Path[] = [];
  /** The last decision; one object for all. */
  #decision: Decision | undefined;
  readonly #context: Context;
  readonly #reinjector: Reinjector;

  constructor(
    { reinjection, scheduler }: TransportConfig,
    paths: PathSet,
    streams: StreamSet,
    datagrams: DatagramQueue,
  ) {
    this.#scheduler = schedulerOf(scheduler);
    this.bindings = new PathBindings(paths, streams, datagrams);
    this.#paths = paths;
    this.#streams = streams;
    this.#reinjector = new Reinjector(reinjection, paths);
    this.#context = { now: 0, credit: 0, waiting: false, order: streams.queue.order };
  }

  /** Decides on which path data leave. */
  get scheduler(): Scheduler {
    return this.#scheduler;
  }

  /** Lets another scheduler decide from now on. */
  replaceScheduler(scheduler: Scheduler): void {
    this.#scheduler = scheduler;
  }

  /** Brings the views up to date; done once before datagrams are asked for. */
  refresh(now: number): void {
    for (const path of this.#paths.paths) path.refresh(now);
    this.#context.now = now;
    this.deadline = Infinity;
    this.heldDatagrams = 0;
  }

  /**
   * Decides where the next datagram with data goes.
   *
   * @throws {TransportError} INTERNAL_ERROR if the scheduler throws or names a path it was not given.
   */
  assign(now: number): Decision | undefined {
    return this.#assign(this.#streams.views, now);
  }

  /**
   * The same behind a datagram that left now, with nothing happening in between: the paths are those
   * of before, and all but the last one have the room that they had.
   */
  assignMore(now: number): Decision | undefined {
    const usable = this.#usable;
    this.#decision!.path.refresh(now);
    if (!hasRoom(usable)) return undefined;
    const answer = this.#ask(usable, this.#streams.views);
    if (answer?.path === undefined || answer.path.room === 0) return undefined;
    return this.#decide(answer.path, answer, usable);
  }

  /**
   * The same if the application has bound data to a path: those leave there, whatever the scheduler
   * decides about the rest.
   *
   * @param control Whether frames wait that any path may carry, streams and datagrams apart.
   */
  assignBound(control: boolean, now: number): Decision | undefined {
    const { bindings } = this;
    const streams = bindings.freeStreams();
    const asks = control || streams.length > 0 || bindings.hasFreeDatagrams;
    const answer = asks ? this.#assign(streams, now) : undefined;
    const assignment = answer === undefined ? bindings.next(now) : bindings.join(answer);
    if (assignment === undefined) this.#waitForPacing(this.#paths.paths, now);
    return assignment;
  }

  #assign(streams: readonly StreamView[], now: number): Decision | undefined {
    const usable = this.#select();
    for (const path of usable) path.refresh(now);
    if (!hasRoom(usable)) {
      this.#waitForPacing(usable, now);
      return undefined;
    }
    const answer = this.#ask(usable, streams);
    if (answer?.path !== undefined && answer.path.room > 0) {
      this.#context.waiting = false;
      return this.#decide(answer.path, answer, usable);
    }
    this.#context.waiting = true;
    // A time that is no number would silence all timers of the connection.
    const until = answer?.until ?? Infinity;
    this.deadline = until > now + 1 ? until : now + 1;
    this.#waitForPacing(usable, now);
    this.#markUnused(usable);
    return undefined;
  }

  /** The answer of the scheduler, with the paths of the connection in place of the views. */
  #decide(chosen: PathView, answer: Assignment, usable: readonly Path[]): Decision {
    const { copies, heldDatagrams, streams } = answer;
    this.heldDatagrams = heldDatagrams ?? 0;
    if (this.#copies.length > 0) this.#copies.length = 0;
    if (copies) { for (const copy of copies) this.#copies.push(ownPath(copy, usable)); }
    const path = ownPath(chosen, usable);
    const decision = this.#decision ??= { path, streams, copies: this.#copies };
    decision.path = path;
    decision.streams = streams;
    return decision;
  }

  #ask(usable: readonly Path[], streams: readonly StreamView[]): Assignment | undefined {
    const context = this.#context;
    context.credit = this.#streams.credit.send.room;
    context.order = this.#streams.queue.order;
    try {
      return this.#scheduler(usable, streams, context);
    } catch (error) {
      throw new TransportError(ErrorCode.InternalError, "Cannot schedule: the scheduler failed", {
        cause: error,
      });
    }
  }

  /**
   * The paths to choose from: available and healthy ones; else backups; else the suspect ones.
   * Schedulers obey PATH_STATUS and failures without knowing of them.
   */
  #select(): readonly Path[] {
    const { paths } = this.#paths;
    const usable = this.#usable;
    let count = 0;
    for (const path of paths) {
      if (path.readiness >= Readiness.Fit && path.status === "available") usable[count++] = path;
    }
    if (count === 0) {
      for (const path of paths) if (path.readiness >= Readiness.Fit) usable[count++] = path;
    }
    if (count === 0) {
      for (const path of paths) {
        if (path.readiness >= Readiness.Open && path.slot.remote.usable) usable[count++] = path;
      }
    }
    // The list is filled for each datagram: one that was emptied would take new memory each time.
    if (usable.length > count) usable.length = count;
    return usable;
  }

  /** When a copy may be worth sending though nothing has happened. */
  get copyDeadline(): number {
    return this.#reinjector.deadline;
  }

  /** If only the pacer holds a path back, the path tells when it will be ready. */
  #waitForPacing(usable: readonly Path[], now: number): void {
    for (const path of usable) {
      const { current } = path;
      if (current.windowBlocked || current.port.buffer === undefined) continue;
      const at = current.pacer.wakeAt(now);
      if (at > now && at < this.deadline) this.deadline = at;
    }
  }

  /** Notes paths with room that the scheduler leaves unused: samples of their rate say little. */
  #markUnused(usable: readonly Path[]): void {
    for (const path of usable) if (path.room > 0) path.current.markAppLimited();
  }

  /**
   * Notes that nothing waits to be sent: the application limits the paths with room.
   *
   * @returns What should be sent once more on `copyPaths`, if anything.
   */
  onIdle(now: number): SentPacket | undefined {
    const straggler = this.#reinjector.next(this.#streams.queue.stalled, now);
    this.deadline = Math.min(this.deadline, this.#reinjector.deadline);
    if (straggler !== undefined) return straggler;
    this.#markIdle();
    return undefined;
  }

  /** Bytes of copies so far. */
  get copied(): number {
    return this.#reinjector.copied;
  }

  /** Where what {@linkcode onIdle} gave goes. */
  get copyPaths(): readonly Path[] {
    return this.#reinjector.targets;
  }

  #markIdle(): void {
    for (const path of this.#paths.paths) {
      if (path.readiness >= Readiness.Open && !path.current.windowBlocked) {
        path.current.markAppLimited();
      }
    }
  }
}

/** The one object that is given to the scheduler each time. */
type Context = { -readonly [Key in keyof ScheduleContext]: ScheduleContext[Key] };

function hasRoom(paths: readonly Path[]): boolean {
  for (const { room } of paths) if (room > 0) return true;
  return false;
}

/** The path that the scheduler was shown. */
function ownPath(chosen: PathView, usable: readonly Path[]): Path {
  for (const path of usable) if (path === chosen) return path;
  throw badChoice();
}

function badChoice(): TransportError {
  return new TransportError(
    ErrorCode.InternalError,
    "Cannot schedule: the scheduler named a path that it was not given",
  );
}
