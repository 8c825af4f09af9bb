// A network of hosts in one virtual time.

import { type Doors, Host } from "./host.ts";
import { Network } from "./network.ts";
import { SeededRandom } from "./seeded_random.ts";
import type { QlogFactory } from "../qlog/qlog.ts";

/** When a run ends. */
export interface RunOptions {
  /** Virtual time in milliseconds; the run goes on until nothing is left to happen without it. */
  until?: number;
  /** Ends the run as soon as it is true. */
  when?: () => boolean;
}

/** Hosts in one network and one virtual time. */
export class World {
  /** Decides about all chance. */
  readonly seed: number | string;
  /** Where all chance comes from. */
  readonly random: SeededRandom;
  /** What joins the hosts. */
  readonly network: Network;
  readonly #hosts: Host<unknown>[] = [];

  /**
   * Makes a world without hosts.
   *
   * @param seed What all chance depends on: the same seed gives the same run, to the last byte.
   */
  constructor(seed: number | string = 1) {
    this.seed = seed;
    this.random = new SeededRandom(this.seed);
    this.network = new Network(this.seed);
  }

  /** Gives connections their logs, where nothing else is asked for; none here. */
  get qlog(): QlogFactory | undefined {
    return undefined;
  }

  /** Virtual milliseconds since the beginning. */
  get now(): number {
    return this.network.now;
  }

  /** Adds an endpoint. */
  host<Connection>(name: string, endpoint: Doors<Connection>): Host<Connection> {
    const host = new Host(name, this.network, endpoint);
    this.#hosts.push(host as Host<unknown>);
    return host;
  }

  /** Calls a function at a virtual time; all hosts may react to what it does. */
  at(time: number, action: () => void): void {
    this.network.events.call(time, () => {
      action();
      this.#touchAll();
    });
  }

  /** Lets time pass. Returns the time at which the run ended. */
  run(options: RunOptions = {}): number {
    const { until = Infinity, when = () => false } = options;
    try {
      this.#touchAll();
      this.#run(until, when);
    } catch (error) {
      throw new Error(
        `${(error as Error).message} (at ${this.now} ms; replay with SIM_SEED=${this.seed})`,
        { cause: error },
      );
    }
    return this.now;
  }

  #run(until: number, when: () => boolean): void {
    const { events } = this.network;
    let sameTime = 0;
    for (;;) {
      for (const host of this.#hosts) {
        if (host.isStopped) continue;
        if (host.isTouched || host.endpoint.deadline <= this.now) host.step();
      }
      if (when()) return;
      const next = Math.min(events.next, this.#deadline());
      if (next > until) return events.advance(Math.max(until, this.now));
      if (next === Infinity) return;
      sameTime = next > this.now ? 0 : sameTime + 1;
      if (sameTime > 100_000) throw new Error("Time stands still");
      if (events.next <= next) this.#fireAll(next);
      else events.advance(next);
    }
  }

  /** All events of one instant fire before any host answers. */
  #fireAll(time: number): void {
    const { events } = this.network;
    while (events.next <= time) events.fireNext();
  }

  #deadline(): number {
    let deadline = Infinity;
    for (const { endpoint, isStopped } of this.#hosts) {
      if (!isStopped) deadline = Math.min(deadline, endpoint.deadline);
    }
    return deadline;
  }

  #touchAll(): void {
    for (const host of this.#hosts) host.touch();
  }
}

/** Runs a test body and names the seed of its world if it fails. */
export function withSeed<T>(world: World, body: () => T): T {
  try {
    return body();
  } catch (error) {
    const message = (error as Error).message;
    if (message.includes("SIM_SEED=")) throw error;
    throw new Error(`${message} (replay with SIM_SEED=${world.seed})`, { cause: error });
  }
}
