import assert from "node:assert/strict";
import type { LinkOptions } from "../../src/sim/link.ts";
import { linkOf, Pair } from "./pair.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";
import { drawDrip, Traffic } from "./traffic.ts";

/** Virtual milliseconds by which everything must have arrived. */
const LIMIT = 300_000;
/** Virtual milliseconds for which nothing is heard, at most. */
const SILENCE = 60_000;
const config = { maxIdleTimeout: 2 * SILENCE };
// Without it, a client that only waits would not notice that its NAT forgot it.
const clientConfig = { keepAliveInterval: 5_000 };

/** Links, transfers, drips and accidents, all drawn from one seed. */
export class RandomScenario {
  readonly pair: Pair;
  readonly #random: SeededRandom;
  /** Connections of these two endpoints, and what each carries. */
  readonly #traffic = new Map<Pair, Traffic>();

  constructor(seed: number | string) {
    this.#random = new SeededRandom(seed, "scenario");
    const links = Array.from({ length: 1 + this.#random.below(4) }, () => this.#link());
    const serverAddresses = 1 + this.#random.below(links.length);
    const ipv6 = this.#random.chance(0.3);
    this.pair = new Pair({ seed, links, serverAddresses, ipv6, config, clientConfig });
  }

  /** Runs until everything has arrived. The first path is never cut for good. */
  run(): void {
    const { pair } = this;
    this.#begin(pair);
    const accidents = this.#random.below(6);
    for (let i = 0; i < accidents; i++) this.#accident();
    if (this.#random.chance(0.2)) {
      pair.run({ until: LIMIT, when: () => isConfirmed(pair) });
      this.#begin(new Pair({ beside: pair, config, clientConfig }));
    }
    pair.run({ until: LIMIT, when: () => this.#isDone() });
    assert.ok(this.#isDone(), this.#state());
    for (const { client } of this.#pairs) client.connection.close(0, "", pair.now);
    pair.run({ until: pair.now + 2 * config.maxIdleTimeout });
    for (const end of this.#pairs.flatMap(({ client, server }) => [client, server])) {
      assert.ok(end.has("closed"), `the ${end.host.name} knows that it is over`);
      assert.equal(end.endpoint.connections.size, 0, `the ${end.host.name} forgets`);
      const closed = end.events.find((event) => event.type === "closed");
      if (closed?.type === "closed") {
        assert.ok(closed.reason.code === 0, `${end.host.name}: ${JSON.stringify(closed.reason)}`);
      }
    }
  }

  /** Depends on every datagram, its time and its place. */
  get trace(): string {
    const { digest, count } = this.pair.world.network.trace;
    return `${digest} ${count}`;
  }

  get #pairs(): Pair[] {
    return [...this.#traffic.keys()];
  }

  #link(): LinkOptions {
    const random = this.#random;
    const some = (probability: number, most: number) =>
      random.chance(probability) ? random.between(0, most) : 0;
    return linkOf(random.between(0.5, 40), random.between(2, 250), {
      queue: random.between(5, 120) * 1500,
      loss: some(0.4, 0.06),
      reorder: some(0.3, 0.08),
      reorderDelay: random.between(1, 40),
      duplicate: some(0.2, 0.05),
      corrupt: some(0.2, 0.03),
      jitter: some(0.3, 20),
      keepOrder: random.chance(0.5),
      mtu: random.chance(0.2) ? 1_300 : 1_500,
      ...(random.chance(0.15)
        ? { burst: { toBad: 0.01, toGood: 0.3, lossInGood: 0, lossInBad: 0.8 } }
        : {}),
    });
  }

  /** A connection begins, and with it what it carries. */
  #begin(pair: Pair): void {
    const random = this.#random;
    pair.start();
    const traffic = new Traffic(pair);
    this.#traffic.set(pair, traffic);
    const streams = 1 + random.below(8);
    for (let i = 0; i < streams; i++) this.#transfer(traffic);
    const drips = random.chance(0.4) ? 1 + random.below(2) : 0;
    for (let i = 0; i < drips; i++) {
      traffic.drip(pair.now + random.between(0, 2_000), drawDrip(random, 5_000));
    }
  }

  #transfer(traffic: Traffic): void {
    const random = this.#random;
    const size = Math.floor(10 ** random.between(0, 5.7));
    const options = { urgency: random.below(8), incremental: random.chance(0.5) };
    const at = this.pair.now + (random.chance(0.5) ? 0 : random.between(0, 2_000));
    if (random.chance(0.3)) traffic.upload(at, size, options);
    else traffic.download(at, size, options);
  }

  #accident(): void {
    const random = this.#random;
    const { pair } = this;
    const at = random.between(50, 4_000);
    const index = random.below(pair.links.length);
    const link = pair.links[index]!;
    const kind = random.below(7);
    if (kind === 0) link.outage(at, at + random.between(50, 4_000));
    else if (kind === 1) pair.at(at, () => this.#rebind(index));
    else if (kind === 2) pair.at(at, () => link.set({ rate: random.between(0.3, 20) * 1e6 }));
    else if (kind === 3) pair.at(at, () => link.set({ delay: random.between(1, 200) }));
    else if (kind === 4) link.pause(at, at + random.between(50, 10_000));
    else if (kind === 5) pair.at(at, () => this.#silence(100 * (SILENCE / 100) ** random.unit()));
    else if (index > 0) link.outage(at);
  }

  /** RFC 9000, Section 9 relies on stable addresses during the handshake, so we do, too. */
  #rebind(index: number): void {
    if (this.#pairs.every(isConfirmed)) this.pair.clientPorts[index]!.rebind();
  }

  /** All links at once; a handshake is not waited for as long. */
  #silence(duration: number): void {
    const { links, now } = this.pair;
    if (!this.#pairs.every(isConfirmed)) return;
    for (const link of links) link.outage(now, now + duration);
  }

  #isDone(): boolean {
    return [...this.#traffic.values()].every(({ isDone }) => isDone);
  }

  #state(): string {
    const events = this.#pairs.flatMap((
      { client, server },
    ) => [...client.events, ...server.events]);
    const ends = events.filter(({ type }) => type === "closed");
    const states = [...this.#traffic.values()].map(({ state }) => state).join(" | ");
    return `${states}, ${JSON.stringify(ends)}`;
  }
}

function isConfirmed({ client }: Pair): boolean {
  return client.connection.handshake.confirmed;
}
