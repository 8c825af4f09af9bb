import { Drip } from "./drip.ts";
import { linkOf, Pair } from "./pair.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";
import { expectOpen } from "./transfers.ts";

/** Virtual milliseconds in which links fail. */
const TROUBLE = 20_000;
/** Virtual milliseconds for which nothing is heard, at most. */
const SILENCE = 60_000;
/** Virtual milliseconds between two looks at what waits. */
const LOOK = 20;
/**
 * Virtual milliseconds after which everything has arrived by a link that works: it is found to be
 * back after two seconds at most, and what has waited meanwhile takes some round trips.
 */
export const BACK = 4_000;

/** Bytes of a transfer beside the messages. */
const BULK = 10_000_000;

const config = { maxIdleTimeout: 2 * SILENCE };

/**
 * One or two connections whose small messages go on while links are cut, hold everything back, and
 * all fall silent, all drawn from one seed. What of it is late although some link works?
 */
export class MessageHistory {
  readonly pair: Pair;
  /** What happened, for messages. */
  readonly events: string[] = [];
  /** For how long a message waited while the same link worked, at worst, in milliseconds. */
  longest = 0;
  /** By how much messages were too late that left when a link had worked for some time. */
  excess = -Infinity;
  /** What such a message may take: it has to be missed first, and sent again. */
  readonly #latest: number;
  /** The longest round trip of a link, without its queue. */
  readonly #trip: number;
  readonly #random: SeededRandom;
  readonly #pairs: Pair[];
  readonly #drips: Drip[] = [];
  /** Since when each link works; `Infinity` if it does not. */
  readonly #worksSince: number[];
  /** What each link suffers from. */
  readonly #troubles: number[];

  constructor(seed: number | string) {
    const random = new SeededRandom(seed, "message history");
    this.#random = random;
    const loss = random.chance(0.5) ? 0.01 : 0;
    const trips = Array.from({ length: 2 + random.below(2) }, () => random.between(20, 150));
    const links = trips.map((trip) => linkOf(random.between(5, 40), trip, { loss }));
    this.pair = new Pair({ seed, links, config }).connect();
    this.#pairs = [this.pair];
    if (random.chance(0.3)) this.#pairs.push(new Pair({ beside: this.pair, config }).connect());
    this.pair.run({ until: this.pair.now + 1_000 });
    const isBusy = random.chance(0.2);
    // A queue that is full doubles the round trip; what is lost by chance may be lost again.
    this.#trip = Math.max(...trips) * (isBusy ? 2 : 1);
    this.#latest = (loss > 0 ? 2_000 : Math.max(300, 3 * this.#trip)) + LOOK;
    for (const each of this.#pairs) this.#fill(each, isBusy);
    this.#worksSince = links.map(() => this.pair.now);
    this.#troubles = links.map(() => 0);
  }

  /** Lives through all of it. */
  run(): void {
    const { pair } = this;
    const random = this.#random;
    const begin = pair.now;
    for (const drip of this.#drips) drip.start();
    for (let i = 1 + random.below(8); i > 0; i--) {
      pair.at(begin + random.between(0, TROUBLE), () => this.#happen());
    }
    this.#lookFrom(begin + LOOK);
    pair.run({ until: begin + TROUBLE });
    pair.run({ until: begin + 4 * TROUBLE, when: () => this.#isCalm });
    pair.run({ until: pair.now + BACK });
    this.#pairs.forEach(expectOpen);
  }

  get #isCalm(): boolean {
    return this.#troubles.every((count) => count === 0);
  }

  #fill(pair: Pair, isBusy: boolean): void {
    const random = this.#random;
    for (let i = 1 + random.below(2); i > 0; i--) {
      const kind = random.pick(["stream", "request"] as const);
      const from = random.pick(["client", "server"] as const);
      // What waits after a silence is not to take long itself: requests are limited in number.
      const least = kind === "stream" ? 10 : 100;
      const period = least * (400 / least) ** random.unit();
      this.#drips.push(new Drip(pair, { from, kind, period, urgency: 0 }));
    }
    if (!isBusy) return;
    if (random.chance(0.5)) pair.client.app.upload(BULK);
    else pair.client.app.download(BULK);
  }

  #happen(): void {
    const random = this.#random;
    const { links } = this.pair;
    const index = random.below(links.length);
    const kind = random.pick(["cut", "cut", "hold", "hold", "silence"] as const);
    const duration = 100 * (SILENCE / 100) ** random.unit();
    this.events.push(`${this.pair.now.toFixed(0)} ${kind} ${index} ${duration.toFixed(0)}`);
    if (kind === "silence") links.forEach((_, i) => this.#trouble(i, "cut", duration));
    else this.#trouble(index, kind, duration / 4);
  }

  #trouble(index: number, kind: "cut" | "hold", duration: number): void {
    const { pair } = this;
    const link = pair.links[index]!;
    this.#troubles[index]!++;
    this.#worksSince[index] = Infinity;
    if (kind === "cut") link.down();
    else link.hold();
    pair.at(pair.now + duration, () => {
      if (--this.#troubles[index]! > 0) return;
      link.release();
      link.up();
      this.#worksSince[index] = pair.now;
    });
  }

  #lookFrom(time: number): void {
    // No application acts: the hosts need not be asked whether they have something to do.
    this.pair.world.network.events.call(time, () => {
      this.#look();
      this.#lookFrom(time + LOOK);
    });
  }

  #look(): void {
    const { now } = this.pair;
    const works = now - Math.min(...this.#worksSince);
    for (const { kind, waiting } of this.#drips) {
      this.longest = Math.max(this.longest, Math.min(waiting, works));
      if (works - waiting < BACK) continue;
      // A request may arrive and its answer be lost.
      const latest = kind === "request" ? this.#latest + this.#trip : this.#latest;
      this.excess = Math.max(this.excess, waiting - latest);
    }
  }
}
