// Waits for all native sockets of an isolate at once, in turns of the event loop or in a thread.

import { monotonicNow } from "../clock.ts";
import { backgroundTimer } from "../timer.ts";
import type { EventList, Libc } from "./libc.ts";
import { systemError } from "./system_error.ts";

/** `EPOLL_CTL_ADD`, `EPOLL_CTL_DEL` and `EPOLL_CTL_MOD`. */
const ADD = 1;
const REMOVE = 2;
const CHANGE = 3;
/** `EPOLLIN` and `EPOLLOUT`. Errors are told without being asked for. */
const READABLE = 1;
const WRITABLE = 4;
/** `EPOLL_CLOEXEC`, and `EFD_CLOEXEC | EFD_NONBLOCK`. */
const CLOSE_ON_EXEC = 0x80000;
const EVENT_FLAGS = 0x80800;

/** Events of one call. */
const EVENT_COUNT = 64;
/** Milliseconds of one wait in a thread; an isolate that ends does not wait longer for it. */
const LONGEST_WAIT = 1_000;
/**
 * Milliseconds for which turns of the event loop are spent after traffic, and after something was
 * sent to which an answer may come. A wait in a thread takes longer, and costs more.
 */
const SPIN = 0.05;
const SPIN_FOR_ANSWER = 1;
/**
 * How long answers are taken to take before there was one, the share of the newest in the average,
 * and for how many times that average turns are spent. Where they take longer than turns are worth,
 * as on a machine whose processors have other work, none are spent.
 */
const FIRST_ANSWER_TIME = 0.3;
const ANSWER_SHARE = 0.25;
const PATIENCE = 2;
/**
 * Turns are tried after a few gaps in the traffic that were shorter than this, or would be if no
 * thread had to be waited for. While turns bring nothing, as on a machine whose processors have
 * other work, they are tried more and more seldom.
 */
const SHORT_GAP = 1.5;
const FEW_GAPS = 2;
const MOST_GAPS = 4;
/**
 * Turns of the event loop after which the runtime (tokio) has asked the system about everything else
 * that it waits for, such as TCP connections, and milliseconds that the work in them may take.
 */
const TURNS_OF_RUNTIME = 61;
const LONGEST_WORK = 4;
/** Milliseconds between two looks at sockets that do not keep the process. */
const SHORTEST_PAUSE = 1;
const LONGEST_PAUSE = 16;

/** The token of what ends a wait. */
const WAKE_TOKEN = 0;

/** A socket as the poller sees it. */
export interface Pollable {
  readonly descriptor: number;
  /** There is something to receive, or an error to be told; says whether something came. */
  onReadable(): boolean;
  /** There is room again for what could not be sent. */
  onWritable(): void;
  /** A new turn of the event loop has begun, as the socket wished. */
  onTurn(): void;
}

/**
 * One epoll descriptor and at most one wait in a thread, for all sockets of an isolate: each wait
 * occupies a thread of the runtime, which has few, and other things are done in these.
 *
 * While traffic is brisk, turns of the event loop look for more of it. A wait in a thread costs some
 * 25 µs, and comes back as late; it is for when nothing came for a while. A turn in which nothing came
 * leaves the processor to other threads: the answer may be the work of one of them. A pending wait
 * keeps the process, so there is none for sockets that must not: a timer looks after these.
 */
export class Poller {
  readonly #libc: Libc;
  readonly #epoll: number;
  /** Ends a wait. */
  readonly #wake: number;
  readonly #members = new Map<number, Pollable>();
  readonly #referenced = new Set<Pollable>();
  readonly #tokens = new Map<Pollable, number>();
  /** Sockets that wish to be told of the next turn. */
  #turning: Pollable[] = [];
  readonly #events: EventList;
  readonly #waited: EventList;
  readonly #onImmediate: () => void;
  #nextToken = WAKE_TOKEN + 1;
  /** The wait in a thread, while there is one. */
  #pending: Promise<void> | undefined;
  #isTurning = false;
  /** Turns since the runtime has asked the system, and milliseconds of work since. */
  #turns = 0;
  #work = 0;
  /** When the turn at hand began, 0 between turns, and when the work before the next one did. */
  #turnStart = 0;
  #workStart = 0;
  #cancelTimer: (() => void) | undefined;
  #pause = SHORTEST_PAUSE;
  /** When traffic was seen last, and until when turns are spent on more. */
  #lastTraffic = 0;
  #spinUntil = 0;
  /** When something was sent that has no answer yet, and how long answers take on average. */
  #sentAt = 0;
  #answerTime = FIRST_ANSWER_TIME;
  /** Short gaps lately, without a long one, and how many it takes to try turns. */
  #shortGaps = 0;
  #gapsToSpin = FEW_GAPS;

  constructor(libc: Libc) {
    this.#libc = libc;
    this.#epoll = libc.epoll(CLOSE_ON_EXEC);
    if (this.#epoll < 0) throw systemError(libc.errno);
    this.#wake = libc.eventDescriptor(EVENT_FLAGS);
    if (this.#wake < 0) {
      const error = systemError(libc.errno);
      libc.close(this.#epoll);
      throw error;
    }
    libc.watch(this.#epoll, ADD, this.#wake, READABLE, WAKE_TOKEN);
    this.#events = libc.events(EVENT_COUNT);
    this.#waited = libc.events(EVENT_COUNT);
    this.#onImmediate = () => this.#turn();
  }

  /** Waits for a socket from now on; it keeps the process. */
  add(member: Pollable): void {
    // Descriptors are given out again; tokens are not, so an old event meets no new socket.
    const token = this.#nextToken++;
    if (!this.#libc.watch(this.#epoll, ADD, member.descriptor, READABLE, token)) {
      throw systemError(this.#libc.errno);
    }
    this.#members.set(token, member);
    this.#tokens.set(member, token);
    this.#referenced.add(member);
    this.#soon();
  }

  /** Waits for a socket no longer. Resolves when no wait is left behind for none. */
  async remove(member: Pollable): Promise<void> {
    const token = this.#tokens.get(member);
    if (token === undefined) return;
    this.#libc.watch(this.#epoll, REMOVE, member.descriptor, 0, 0);
    this.#tokens.delete(member);
    this.#members.delete(token);
    this.#turning = this.#turning.filter((other) => other !== member);
    this.unref(member);
    if (this.#members.size > 0) return;
    this.#stopTimer();
    await this.#pending;
  }

  /** The socket keeps the process. */
  ref(member: Pollable): void {
    if (!this.#tokens.has(member)) return;
    this.#referenced.add(member);
    this.#soon();
  }

  /** The socket no longer keeps the process. */
  unref(member: Pollable): void {
    if (!this.#referenced.delete(member) || this.#referenced.size > 0) return;
    if (this.#pending !== undefined) this.#libc.signal(this.#wake);
    else this.#soon();
  }

  /** Also waits until there is room for what a socket has to send, or does so no more. */
  awaitRoom(member: Pollable, wanted: boolean): void {
    const token = this.#tokens.get(member);
    if (token === undefined) return;
    const events = wanted ? READABLE | WRITABLE : READABLE;
    this.#libc.watch(this.#epoll, CHANGE, member.descriptor, events, token);
  }

  /** Something was sent; an answer may come soon. */
  onSent(): void {
    if (this.#shortGaps < this.#gapsToSpin && this.#sentAt > 0) return;
    const now = monotonicNow();
    this.#sentAt = now;
    if (this.#shortGaps < this.#gapsToSpin) return;
    if (this.#answerTime > SPIN_FOR_ANSWER) return;
    const wait = Math.min(PATIENCE * this.#answerTime, SPIN_FOR_ANSWER);
    this.#spinUntil = Math.max(this.#spinUntil, now + Math.max(wait, SPIN));
    this.#soon();
  }

  /** Tells the socket of the next turn, after what came until then. */
  awaitTurn(member: Pollable): void {
    this.#turning.push(member);
    this.#takeTurn();
  }

  /** Looks at the sockets again in the next turn; without sockets that keep the process, soon. */
  #soon(): void {
    if (this.#referenced.size > 0) return this.#takeTurn();
    this.#pause = SHORTEST_PAUSE;
    this.#stopTimer();
    this.#arm();
  }

  #takeTurn(): void {
    if (this.#isTurning) return;
    this.#isTurning = true;
    this.#workStart = this.#turnStart > 0 ? this.#turnStart : monotonicNow();
    setImmediate(this.#onImmediate);
  }

  #turn(): void {
    this.#isTurning = false;
    const now = monotonicNow();
    if (this.#isRuntimeWaiting(now)) return this.#takeTurn();
    this.#turnStart = now;
    this.#serve();
    this.#turnStart = 0;
  }

  /** Looks at the sockets, and goes on with turns or waits. */
  #serve(): void {
    const came = this.#take(this.#events, this.#events.poll(this.#epoll));
    const turning = this.#turning;
    this.#turning = [];
    for (const member of turning) member.onTurn();
    if (this.#members.size === 0) return;
    if (this.#referenced.size === 0 || !this.#maySpin()) return this.#arm();
    if (!came && turning.length === 0) this.#libc.yieldProcessor();
    this.#takeTurn();
  }

  /**
   * Whether the runtime has waited for long. Turns in which nothing is done bring it to asking the
   * system within some 50 µs: without them, a busy server hears its TCP connections in one turn of 61,
   * each of which may take milliseconds.
   */
  #isRuntimeWaiting(now: number): boolean {
    this.#work += now - this.#workStart;
    if (++this.#turns <= TURNS_OF_RUNTIME) return this.#work > LONGEST_WORK;
    this.#turns = this.#work = 0;
    return false;
  }

  /** Whether more turns are worth it. */
  #maySpin(): boolean {
    if (this.#spinUntil === 0) return false;
    if (monotonicNow() < this.#spinUntil) return true;
    this.#spinUntil = 0;
    this.#shortGaps = 0;
    this.#gapsToSpin = Math.min(2 * this.#gapsToSpin, MOST_GAPS);
    return false;
  }

  /** Deals with events; says whether anything came. */
  #take(list: EventList, count: number): boolean {
    let came = false;
    for (let i = 0; i < count; i++) {
      const events = list.eventsAt(i);
      const member = this.#members.get(list.tokenAt(i));
      if (member === undefined) continue;
      if ((events & WRITABLE) !== 0) member.onWritable();
      if ((events & ~WRITABLE) !== 0 && member.onReadable()) came = true;
    }
    if (came) this.#noteTraffic();
    return came;
  }

  /** Turns are worth it where the last gaps in the traffic were short. */
  #noteTraffic(): void {
    const now = monotonicNow();
    if (this.#sentAt > 0) {
      const answerTime = Math.min(now - this.#sentAt, 2 * SPIN_FOR_ANSWER);
      this.#answerTime += (answerTime - this.#answerTime) * ANSWER_SHARE;
      this.#sentAt = 0;
    }
    const isShort = now - this.#lastTraffic < SHORT_GAP;
    this.#shortGaps = isShort ? this.#shortGaps + 1 : 0;
    // What came within the turns that were spent on it.
    if (this.#spinUntil !== 0) this.#gapsToSpin = FEW_GAPS;
    this.#lastTraffic = now;
    this.#pause = SHORTEST_PAUSE;
    if (this.#shortGaps >= this.#gapsToSpin) {
      this.#spinUntil = Math.max(this.#spinUntil, now + SPIN);
    }
  }

  /** Nothing is expected at once. */
  #arm(): void {
    if (this.#members.size === 0) return;
    if (this.#referenced.size > 0) {
      this.#stopTimer();
      this.#pending ??= this.#wait();
    } else if (this.#pending === undefined && this.#cancelTimer === undefined) {
      this.#cancelTimer = backgroundTimer(() => this.#look(), this.#pause);
      this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE);
    }
  }

  /** Waits in a thread. */
  async #wait(): Promise<void> {
    const count = await this.#waited.wait(this.#epoll, LONGEST_WAIT);
    this.#pending = undefined;
    this.#turns = this.#work = 0; // what came out of a thread, the runtime has asked for
    this.#libc.clear(this.#wake);
    this.#take(this.#waited, count);
    if (this.#spinUntil !== 0) this.#soon();
    else this.#arm();
  }

  /** Looks at sockets that do not keep the process. */
  #look(): void {
    this.#cancelTimer = undefined;
    this.#take(this.#events, this.#events.poll(this.#epoll));
    this.#arm();
  }

  #stopTimer(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }
}
