import { Readiness } from "../../src/scheduler/readiness.ts";
import type { Scheduler } from "../../src/scheduler/scheduler.ts";
import { Drip } from "./drip.ts";
import { type End, linkOf, Pair } from "./pair.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";
import type { Transfer } from "../../src/sim/stream_app.ts";

/** Milliseconds by which a link must be in use again. */
const LIMIT = 30_000;

/** What may be chosen of a journey; all else is drawn. */
export interface TunnelOptions {
  /** Milliseconds for which nothing is heard, at least and at most. */
  readonly silence?: readonly [least: number, most: number];
  /** For both ends. */
  readonly scheduler?: Scheduler;
}

/** How a journey through a tunnel went. Times in milliseconds, `Infinity` for never. */
export interface Journey {
  /** From the return of the first link until the messages that waited longest arrive by it. */
  readonly first: number;
  /** The same for the next bytes of the download, if there is one; some come twice before. */
  readonly download: number | undefined;
  /** From the return of the next link until both ends relied on it again. */
  readonly second: number;
  /** Whether an end has closed the connection. */
  readonly isDead: boolean;
  /** Path IDs that both ends have given up. */
  readonly idsSpent: number;
}

/**
 * Two or three paths that all fall silent for up to a minute, as in a tunnel or a lift, while small
 * messages, and sometimes a download, wait. Then one link comes back, and later another.
 */
export class Tunnel {
  readonly pair: Pair;
  readonly #random: SeededRandom;
  readonly #drips: Drip[] = [];
  readonly #download: Transfer | undefined;
  readonly #silence: readonly [number, number];

  constructor(seed: number | string, options: TunnelOptions = {}) {
    const { scheduler, silence = [1_000, 60_000] } = options;
    this.#silence = silence;
    const random = new SeededRandom(seed, "tunnel");
    this.#random = random;
    const loss = random.chance(0.3) ? 0.01 : 0;
    const links = Array.from(
      { length: 2 + random.below(2) },
      () => linkOf(random.between(5, 35), random.between(20, 150), { loss }),
    );
    const config = { maxIdleTimeout: 120_000, ...(scheduler ? { scheduler } : {}) };
    this.pair = new Pair({ seed, links, config }).connect();
    this.pair.run({ until: this.pair.now + 500 });
    const period = [20, 100, 500, 1_000][random.below(4)]!;
    const kind = random.below(4);
    if (kind !== 1) this.#drips.push(new Drip(this.pair, { from: "client", period }));
    if (kind !== 0) this.#drips.push(new Drip(this.pair, { from: "server", period }));
    if (kind === 3) this.#download = this.pair.client.app.download(300_000_000);
  }

  /** Goes through. */
  run(): Journey {
    const { pair } = this;
    const random = this.#random;
    for (const drip of this.#drips) drip.start();
    pair.run({ until: pair.now + random.between(500, 5_000) });
    for (const link of pair.links) pair.at(pair.now + random.between(0, 300), () => link.down());
    pair.run({ until: pair.now + random.between(...this.#silence) });
    const back = random.below(pair.links.length);
    const from = pair.now;
    pair.links[back]!.up();
    const bytes = this.#download?.received ?? 0;
    const first = this.#time(from, this.#haveArrived());
    const download = this.#download && this.#time(from, () => this.#download!.received > bytes);
    pair.run({ until: pair.now + random.between(0, 8_000) });
    const other = (back + 1) % pair.links.length;
    pair.links[other]!.up();
    const second = this.#time(pair.now, () => this.#isReliedOn(other));
    const ends = [pair.client, pair.server];
    const idsSpent = ends.reduce((sum, end) => sum + abandoned(end), 0);
    const isDead = ends.some(({ connection }) => !connection.closing.open);
    return { first, download, second, isDead, idsSpent };
  }

  /** How long it takes from a time on until a condition holds, or `Infinity`. */
  #time(from: number, when: () => boolean): number {
    const { pair } = this;
    if (!when()) pair.run({ until: from + LIMIT, when });
    return when() ? pair.now - from : Infinity;
  }

  /** Whether the messages of each end that waited have gone on since. */
  #haveArrived(): () => boolean {
    const before = this.#drips.map(({ arrived }) => arrived);
    return () => this.#drips.every(({ arrived }, i) => arrived > before[i]!);
  }

  #isReliedOn(link: number): boolean {
    const { client, clientPorts, server } = this.pair;
    const port = clientPorts[link]!;
    const isTold = server.connection.paths.paths.some((path) =>
      path.readiness >= Readiness.Healthy && path.current.remote.port === port.publicAddress.port
    );
    const isKnown = client.connection.paths.paths.some((path) =>
      path.readiness >= Readiness.Healthy && path.current.port === port
    );
    return isTold && isKnown;
  }
}

function abandoned({ connection }: End): number {
  return connection.paths.paths.filter(({ readiness }) => readiness < Readiness.Opening).length;
}
