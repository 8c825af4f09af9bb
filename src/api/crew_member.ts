// One worker of a crew: a thread, and what is known of it.

import type { Order, Report } from "./crew_message.ts";
import type { ListenerStats } from "./stats/listener_stats.ts";
import type { StrayDatagram } from "../io/worker_seat.ts";

/** What a member tells its crew. */
export interface CrewMemberListener {
  /** A datagram that came to one worker is for another. */
  onStray(member: CrewMember, stray: StrayDatagram): void;
  /** The worker was ready, and has died of an exception. */
  onDeath(member: CrewMember, message: string): void;
}

/** One worker of a crew: a thread, and what is known of it. */
export class CrewMember {
  readonly number: number;
  /** Resolves with the addresses it listens at; rejects if it cannot start. */
  readonly ready: Promise<readonly Deno.NetAddr[]>;
  /** Resolves when the thread is gone, for whatever reason. */
  readonly ended: Promise<void>;
  readonly #worker: Worker;
  readonly #listener: CrewMemberListener;
  readonly #ready = Promise.withResolvers<readonly Deno.NetAddr[]>();
  readonly #ended = Promise.withResolvers<void>();
  #stats: ListenerStats | undefined;
  /** When it began to listen. */
  #readyAt: number | undefined;
  #isDraining = false;
  #isGone = false;

  /** @param order Its first one. */
  constructor(module: URL, number: number, order: Order, listener: CrewMemberListener) {
    this.number = number;
    this.ready = this.#ready.promise;
    this.ended = this.#ended.promise;
    this.#listener = listener;
    this.ready.catch(() => {});
    this.#worker = new Worker(module, { type: "module", name: `worker ${number}` });
    this.#worker.onmessage = ({ data }: MessageEvent<Report>) => this.#onReport(data);
    this.#worker.onerror = (event) => {
      // Otherwise the exception would end the whole process.
      event.preventDefault();
      this.#die(event.message);
    };
    this.tell(order);
  }

  /** What its clients hold, as far as it has told. */
  get stats(): ListenerStats | undefined {
    return this.#stats;
  }

  /** Milliseconds for which it has listened: it may have taken long to load. */
  get age(): number {
    return this.#readyAt === undefined ? 0 : performance.now() - this.#readyAt;
  }

  tell(order: Order): void {
    if (!this.#isGone) this.#worker.postMessage(order);
  }

  /** Takes no more connections, and ends when those there are have nothing more to do. */
  drain(): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    this.tell({ kind: "drain" });
  }

  /** Ends the thread at once. */
  terminate(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#worker.terminate();
    this.#ready.reject(new Error("Cannot start a worker: it was stopped"));
    this.#ended.resolve();
  }

  #onReport(report: Report): void {
    if (this.#isGone) return;
    if (report.kind === "ready") {
      this.#readyAt = performance.now();
      this.#ready.resolve(report.addrs);
    } else if (report.kind === "stats") this.#stats = report.stats;
    else if (report.kind === "datagram") this.#listener.onStray(this, report.stray);
    else if (report.kind === "failed") this.#die(report.message);
    else this.terminate();
  }

  #die(message: string): void {
    if (this.#isGone) return;
    this.#ready.reject(new Error(message));
    this.terminate();
    if (this.#readyAt !== undefined) this.#listener.onDeath(this, message);
  }
}
