import { Drip } from "./drip.ts";
import { type End, linkOf, Pair } from "./pair.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";
import type { Transfer } from "../../src/sim/stream_app.ts";

/** Milliseconds by which a link must be in use again. */
const LIMIT = 30_000;

/** How a journey through a tunnel went. Times in milliseconds. */
export interface Journey {
  /** From the return of the first link until all that waits moves on by it. */
  readonly first: number;
  /** From the return of the next link until both ends relied on it again. */
  readonly second: number;
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

  constructor(seed: number | string) {
    const random = new SeededRandom(seed, "tunnel");
    this.#random = random;
    const loss = random.chance(0.3) ? 0.01 : 0;
    const links = Array.from(
      { length: 2 + random.below(2) },
      () => linkOf(random.between(5, 35), random.between(20, 150), { loss }),
    );
    this.pair = new Pair({ seed, links, config: { maxIdleTimeout: 120_000 } }).connect();
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
    pair.run({ until: pair.now + random.between(1_000, 60_000) });
    const back = random.below(pair.links.length);
    const first = this.#time(back, this.#isMoving());
    pair.run({ until: pair.now + random.between(0, 8_000) });
    const other = (back + 1) % pair.links.length;
    const second = this.#time(other, () => this.#isReliedOn(other));
    const ends = [pair.client, pair.server];
    const idsSpent = ends.reduce((sum, end) => sum + abandoned(end), 0);
    return { first, second, idsSpent };
  }

  /** Brings a link back; how long it takes until a condition holds, or `Infinity`. */
  #time(link: number, when: () => boolean): number {
    const { pair } = this;
    const from = pair.now;
    pair.links[link]!.up();
    pair.run({ until: from + LIMIT, when });
    return when() ? pair.now - from : Infinity;
  }

  /** Whether messages of each end, and the download, have gone on since. */
  #isMoving(): () => boolean {
    const bytes = this.#download?.received ?? 0;
    const messages = this.#drips.map(({ arrived }) => arrived);
    return () => {
      const goesOn = this.#download === undefined || this.#download.received > bytes;
      return goesOn && this.#drips.every(({ arrived }, i) => arrived > messages[i]!);
    };
  }

  #isReliedOn(link: number): boolean {
    const { client, clientPorts, server } = this.pair;
    const port = clientPorts[link]!;
    const isTold = server.connection.paths.paths.some((path) =>
      path.healthy && path.current.remote.port === port.publicAddress.port
    );
    const isKnown = client.connection.paths.paths.some((path) =>
      path.healthy && path.current.port === port
    );
    return isTold && isKnown;
  }
}

function abandoned({ connection }: End): number {
  return connection.paths.paths.filter(({ live }) => !live).length;
}
