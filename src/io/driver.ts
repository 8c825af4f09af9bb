// The loop around an endpoint: reads sockets, sends datagrams, sets timers, hands on events.

import process from "node:process";
import type { Ecn } from "../bytes/ecn.ts";
import type { Address } from "../path/address/address.ts";
import type { Port } from "../path/address/port.ts";
import { monotonicNow } from "./clock.ts";
import type { SendingPort, Socket, SocketListener } from "./socket.ts";
import { RECEIVE_BURST } from "../limits/limits.ts";

/** Milliseconds by which timers of the runtime fire late as a rule, and at most; measured. */
const TIMER_LATENESS = 1.2;
export const LONGEST_LATENESS = 2;
/** Shorter waits than this are spent in turns of the event loop: a timer would be too late. */
const SHORT_WAIT = 2;
/** A socket that has more to give does so within three microtasks; measured, and some to spare. */
const QUIET_MICROTASKS = 6;

/**
 * So few datagrams may be a request or a response. An application that does something about it at once
 * has it leave with the acknowledgement; more of them are parts of something long.
 */
const SMALL_BURST = 4;
/** Milliseconds after which what came is answered, even if more is there. */
const LONGEST_BURST = 4;
/** Datagrams of one call of the system for which the clock is not read again. */
const CLOCK_USES = 31;
/** Each so many bytes of a datagram count as one more: those of 64 kB can hold 30,000 frames. */
const BYTES_PER_CLOCK_USE = 2_048;

/** A datagram that an endpoint wants to be sent. */
export interface Sendable {
  readonly port: Port;
  readonly size: number;
  readonly remote: Address;
  readonly mark: Ecn;
  readonly destination: Uint8Array | undefined;
}

/** The doors of an endpoint that the driver goes through. */
export interface DrivenEndpoint<Connection> {
  /** When `expire` wants to be called. */
  readonly deadline: number;
  /** Whether `expire` may be called some milliseconds late. */
  readonly canBeLate: boolean;
  receive(datagram: Uint8Array, port: Port, remote: Address, now: number, mark?: Ecn): void;
  transmit(
    now: number,
  ): Sendable | undefined;
  expire(now: number): void;
  /** Nothing can be sent from this port to this address (to any address, if there is none). */
  portFailed(port: Port, remote: Address | undefined, now: number, cause?: unknown): void;
  nextConnection(): Connection | undefined;
  nextActive(): Connection | undefined;
}

/** Callbacks of the loop, called between its steps, never within one. */
export interface DriverListener<Connection> {
  /** A peer opened a connection. */
  onConnection(connection: Connection): void;
  /** The connection has events. */
  onActive(connection: Connection): void;
  /** A socket cannot send to an address. */
  onUnreachable?(port: SendingPort, remote: Address, error: Error): void;
  /** A socket broke and was closed. */
  onSocketBroken?(port: SendingPort, error: Error): void;
  /** The endpoint waits for nothing: it has no connection, not even one that is ending. */
  onRest?(): void;
}

/**
 * The loop around an endpoint: datagrams in, datagrams out, one timer.
 *
 * What a socket holds is taken in before anything is sent, so that one acknowledgement answers a
 * burst. Each socket has one datagram under way; when that is gone, the endpoint is asked again.
 */
export class Driver<Connection> implements SocketListener {
  readonly #endpoint: DrivenEndpoint<Connection>;
  readonly #listener: DriverListener<Connection>;
  readonly #onMicrotask: () => void;
  readonly #onTimer: () => void;
  readonly #onTurn: () => void;
  /** Microtasks to let pass before flushing; 0 when no flush is due. */
  #quiet = 0;
  /** Datagrams since the last flush, and when the first of them came. */
  #burst = 0;
  #burstAt = 0;
  /** When the last datagram came, and for how many more that may be said. */
  #arrivedAt = 0;
  #clockUses = 0;
  #isFlushing = false;
  #isDispatching = false;
  #isTurning = false;
  #isLingering = false;
  /** Whether the application is to do first what it does at once. */
  #isPatient = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerAt = Infinity;
  #isBackground = false;
  #isClosed = false;

  constructor(endpoint: DrivenEndpoint<Connection>, listener: DriverListener<Connection>) {
    this.#endpoint = endpoint;
    this.#listener = listener;
    this.#onMicrotask = () => this.#countDown();
    this.#onTimer = () => this.#timerFired();
    this.#onTurn = () => this.#turn();
  }

  /** The time that the endpoint lives in. */
  get now(): number {
    return monotonicNow();
  }

  /** Receives from a socket, and may send on it, until it is closed. */
  add(socket: Socket): void {
    socket.listen(this);
  }

  /** Says that the application did something: what it made pending is sent soon. */
  wake(): void {
    if (!this.#isClosed && this.#quiet === 0) this.#wait(QUIET_MICROTASKS);
  }

  /**
   * Lets the application answer what it hears just now before anything is sent, so that both leave
   * together: the first request with the end of the handshake.
   */
  linger(): void {
    this.#isLingering = true;
  }

  /** Sends now what can be sent, for example before sockets are closed. */
  flush(): void {
    if (this.#isFlushing || this.#isClosed) return;
    this.#isFlushing = true;
    this.#burst = this.#clockUses = 0;
    try {
      this.#dispatch();
      this.#transmit();
      this.#dispatch();
    } finally {
      this.#isFlushing = false;
    }
    this.#arm();
  }

  /** The timer keeps the process alive (the default). */
  ref(): void {
    this.#isBackground = false;
    this.#timer?.ref();
  }

  /** From now on the timer does not keep the process. */
  unref(): void {
    this.#isBackground = true;
    this.#timer?.unref();
  }

  /** Stops the loop. The code that opened the sockets closes them. */
  close(): void {
    this.#isClosed = true;
    this.#clearTimer();
  }

  onDatagram(datagram: Uint8Array, port: SendingPort, remote: Address, mark?: Ecn): void {
    if (this.#isClosed) return;
    const time = this.#arrivalTime(datagram.length);
    this.#endpoint.receive(datagram, port, remote, time, mark);
    if (++this.#burst >= RECEIVE_BURST || time - this.#burstAt > LONGEST_BURST) return this.flush();
    this.#wait(QUIET_MICROTASKS);
  }

  /** When a datagram came. The clock is read once for several that a socket gives in one go. */
  #arrivalTime(size: number): number {
    this.#clockUses -= 1 + Math.floor(size / BYTES_PER_CLOCK_USE);
    if (this.#clockUses < 0) {
      this.#arrivedAt = monotonicNow();
      this.#clockUses = CLOCK_USES;
    }
    if (this.#burst === 0) this.#burstAt = this.#arrivedAt;
    return this.#arrivedAt;
  }

  onFree(_socket: Socket): void {
    if (this.#quiet === 0) this.flush();
  }

  onUnreachable(port: SendingPort, remote: Address, error: Error): void {
    if (this.#isClosed) return;
    this.#endpoint.portFailed(port, remote, monotonicNow(), error);
    this.#listener.onUnreachable?.(port, remote, error);
    this.wake();
  }

  onBroken(port: SendingPort, error: Error): void {
    if (this.#isClosed) return;
    this.#endpoint.portFailed(port, undefined, monotonicNow(), error);
    this.#listener.onSocketBroken?.(port, error);
    this.wake();
  }

  /** Flushes when so many microtasks have passed. */
  #wait(microtasks: number): void {
    if (this.#quiet === 0) queueMicrotask(this.#onMicrotask);
    this.#quiet = microtasks;
  }

  #countDown(): void {
    this.#clockUses = 0;
    if (--this.#quiet > 0) return queueMicrotask(this.#onMicrotask);
    if (this.#isClosed) return;
    if (this.#isPatient) return this.#waitForApplication();
    this.#isLingering = false;
    const told = this.#dispatch();
    if (told && this.#burst <= SMALL_BURST) this.#isLingering = true;
    if (!this.#isLingering) return this.flush();
    this.#isPatient = true;
    this.#wait(1);
  }

  /**
   * Goes on when the application has done what it does at once, with promises and streams: then no
   * microtask is left. To count microtasks would leave garbage behind for each.
   */
  #waitForApplication(): void {
    this.#isPatient = false;
    this.#quiet = 1;
    process.nextTick(this.#onMicrotask);
  }

  #transmit(): void {
    const endpoint = this.#endpoint;
    const now = monotonicNow();
    if (endpoint.deadline <= now) endpoint.expire(now);
    for (let out = endpoint.transmit(now); out; out = endpoint.transmit(now)) {
      // The endpoint knows no other ports than those of the sockets that were added.
      (out.port as SendingPort).send(out.size, out.remote, out.mark, out.destination);
    }
  }

  /**
   * Tells the listener what happened. It may call the connection, even close it.
   *
   * @returns Whether there was anything to tell.
   */
  #dispatch(): boolean {
    if (this.#isDispatching) return false;
    this.#isDispatching = true;
    let told = false;
    try {
      const endpoint = this.#endpoint;
      for (let next = endpoint.nextConnection(); next; next = endpoint.nextConnection()) {
        this.#listener.onConnection(next);
      }
      for (let next = endpoint.nextActive(); next; next = endpoint.nextActive()) {
        this.#listener.onActive(next);
        told = true;
      }
    } finally {
      this.#isDispatching = false;
    }
    return told;
  }

  /** Sees to it that the endpoint is asked again at its deadline. */
  #arm(): void {
    if (this.#isClosed) return;
    const { deadline } = this.#endpoint;
    if (deadline === Infinity) this.#listener.onRest?.();
    if (deadline >= this.#timerAt) return;
    const { canBeLate } = this.#endpoint;
    const wait = deadline - monotonicNow();
    if (wait < SHORT_WAIT && !canBeLate) {
      if (this.#isTurning) return;
      this.#isTurning = true;
      setImmediate(this.#onTurn);
      return;
    }
    const earliness = canBeLate ? 0 : TIMER_LATENESS;
    this.#clearTimer();
    this.#timerAt = deadline;
    this.#timer = setTimeout(this.#onTimer, Math.min(Math.max(wait - earliness, 0), 0x7fff_ffff));
    if (this.#isBackground) this.#timer.unref();
  }

  /** A turn of the event loop has passed, in which sockets were served. */
  #turn(): void {
    this.#isTurning = false;
    if (this.#isClosed) return;
    if (this.#endpoint.deadline <= monotonicNow()) this.flush();
    else this.#arm();
  }

  #timerFired(): void {
    this.#timer = undefined;
    this.#timerAt = Infinity;
    this.#turn();
  }

  #clearTimer(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#timerAt = Infinity;
  }
}
