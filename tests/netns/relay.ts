// deno-lint-ignore-file no-console -- a program speaks on its console
/**
 * Emulates links: hands IP packets from one TUN device to another as slowly as told.
 *
 * It is the model of the simulation, with the clock of the machine: events fire at their own times,
 * so a late awakening makes one packet late and leaves the rate as it is. The loop is synchronous,
 * since timers of the runtime are a millisecond late.
 *
 * Takes orders from standard input, one line of JSON each, answers each with a line, and ends with
 * its input, so that it never outlives the process that started it.
 */
import { EventQueue } from "../../src/sim/event_queue.ts";
import { Link, type LinkOptions } from "../../src/sim/link.ts";
import type { Flight, Pipe, PipeCounters, PipeOptions } from "../../src/sim/pipe.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";
import { markOf, setMark } from "./ip_mark.ts";
import { type Kernel, loadKernel, STDIN } from "./tun.ts";

/** What the relay can be told. */
export interface Order {
  /** Which link; all of them, if left out. */
  readonly link?: number;
  /** Changes both directions. */
  readonly set?: Partial<PipeOptions>;
  /** Cuts the link silently, or ends the cut. */
  readonly cut?: boolean;
}

/** What a link did so far. */
export interface LinkReport {
  /** Towards the server. */
  readonly up: PipeCounters;
  /** Towards the client. */
  readonly down: PipeCounters;
}

/** The answer to every order. */
export interface Report {
  readonly links: readonly LinkReport[];
  /** Milliseconds that the latest event since the last report came late. */
  readonly lateness: number;
}

/** So many packets are read from one device before it is the others' turn. */
const BURST = 64;
const LARGEST_PACKET = 65_535;
/** Milliseconds to wait when nothing is due. */
const LONG = 1_000;

class Relay {
  readonly #kernel: Kernel;
  readonly #events = new EventQueue();
  readonly #links: Link[] = [];
  readonly #pipes = new Map<number, Pipe>();
  readonly #buffer = new Uint8Array(LARGEST_PACKET);
  #orders = "";
  #lateness = 0;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** A link between two new devices, `c0` and `s0` for the first. */
  add(options: LinkOptions): void {
    const index = this.#links.length;
    const link = new Link(this.#events, new SeededRandom(index, "relay"), options);
    const client = this.#kernel.openTun(`c${index}`);
    const server = this.#kernel.openTun(`s${index}`);
    link.upward.join((flight) => this.#write(server, flight));
    link.downward.join((flight) => this.#write(client, flight));
    this.#pipes.set(client, link.upward);
    this.#pipes.set(server, link.downward);
    this.#links.push(link);
  }

  /** Goes on until the input ends. */
  run(): void {
    const fds = [STDIN, ...this.#pipes.keys()];
    do {
      this.#kernel.wait(fds, Math.max(0, Math.min(LONG, this.#events.next - performance.now())));
      this.#fire(performance.now());
      for (const [fd, pipe] of this.#pipes) this.#take(fd, pipe);
    } while (this.#obey());
  }

  #fire(now: number): void {
    const events = this.#events;
    while (events.next <= now) {
      this.#lateness = Math.max(this.#lateness, now - events.next);
      events.fireNext();
    }
    events.advance(now);
  }

  #write(fd: number, { data, mark }: Flight): void {
    if (markOf(data) !== mark) setMark(data, mark);
    this.#kernel.write(fd, data);
  }

  #take(fd: number, pipe: Pipe): void {
    for (let i = 0; i < BURST; i++) {
      const length = this.#kernel.read(fd, this.#buffer);
      if (length <= 0) return;
      pipe.push(packetOf(this.#buffer.slice(0, length)));
    }
  }

  /** Does what the input says; false at its end. */
  #obey(): boolean {
    if (!this.#hasOrders()) return true;
    const length = this.#kernel.read(STDIN, this.#buffer);
    if (length <= 0) return false;
    this.#orders += new TextDecoder().decode(this.#buffer.subarray(0, length));
    const lines = this.#orders.split("\n");
    this.#orders = lines.pop()!;
    for (const line of lines) {
      this.#do(JSON.parse(line));
      console.log(JSON.stringify(this.#report()));
    }
    return true;
  }

  #hasOrders(): boolean {
    return this.#kernel.wait([STDIN], 0);
  }

  #do({ link: index, set, cut }: Order): void {
    for (const link of index === undefined ? this.#links : [this.#links[index]!]) {
      if (set) link.set(set);
      if (cut === true) link.down();
      if (cut === false) link.up();
    }
  }

  #report(): Report {
    const links = this.#links.map(({ upward, downward }) => ({
      up: upward.counters,
      down: downward.counters,
    }));
    const lateness = this.#lateness;
    this.#lateness = 0;
    return { links, lateness };
  }
}

function packetOf(data: Uint8Array<ArrayBuffer>): Flight {
  return { data, wireSize: data.length, mark: markOf(data), withData: packetOf };
}

if (import.meta.main) {
  const relay = new Relay(loadKernel());
  for (const options of JSON.parse(Deno.args[0]!) as LinkOptions[]) relay.add(options);
  console.log("ready");
  relay.run();
  Deno.exit(0);
}
