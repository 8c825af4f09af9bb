import { Readiness } from "../../src/scheduler/readiness.ts";
import assert from "node:assert/strict";
import type { LinkOptions } from "../../src/sim/link.ts";
import { type End, linkOf, Pair } from "./pair.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";
import { drawDrip, Traffic } from "./traffic.ts";
import { expectOpen } from "./transfers.ts";

/** Virtual milliseconds in which things happen to the paths. */
const TROUBLE = 6_000;
/** Virtual milliseconds by which everything must have arrived. */
const LIMIT = 300_000;
/** Virtual milliseconds for which nothing is heard, at most. */
const SILENCE = 60_000;

export const EVENTS = [
  "open",
  "close",
  "lose",
  "hold",
  "silence",
  "rebind",
  "move",
  "status",
  "keys",
] as const;

const config = { maxIdleTimeout: 2 * SILENCE };
// A client that only waits would not notice that its NAT forgot it.
const clientConfig = { keepAliveInterval: 5_000 };

/**
 * One or two connections over lossy links whose paths are opened, closed, lost, held back, moved and
 * changed by both ends while they carry data and small messages, all drawn from one seed.
 */
export class PathHistory {
  readonly pair: Pair;
  /** What happened, for messages. */
  readonly events: string[] = [];
  readonly #random: SeededRandom;
  /** Connections of these two endpoints, and what each carries. */
  readonly #traffic = new Map<Pair, Traffic>();

  constructor(seed: number | string) {
    this.#random = new SeededRandom(seed, "path history");
    const links = Array.from({ length: 2 + this.#random.below(3) }, () => this.#link());
    this.pair = new Pair({
      seed,
      links,
      serverAddresses: 1 + this.#random.below(links.length),
      ipv6: this.#random.chance(0.3),
      openPaths: this.#random.chance(0.7),
      config,
      clientConfig,
    });
  }

  /** Lives through all of it; throws unless every byte arrives once, and where it belongs. */
  run(): void {
    const { pair } = this;
    const random = this.#random;
    this.#connect(pair);
    if (random.chance(0.2)) this.#connect(new Pair({ beside: pair, config, clientConfig }));
    const begin = pair.now;
    for (const traffic of this.#traffic.values()) this.#fill(traffic, begin);
    for (let i = 3 + random.below(12); i > 0; i--) {
      pair.at(begin + random.between(0, TROUBLE), () => this.#happen());
    }
    pair.run({ until: begin + TROUBLE });
    pair.run({ until: LIMIT, when: () => this.#isDone() });
    this.#pairs.forEach(expectOpen);
    assert.ok(this.#isDone(), this.#state());
    for (const { client } of this.#pairs) client.connection.close(0, "", pair.now);
    pair.run({ until: pair.now + 2 * config.maxIdleTimeout });
    for (const { endpoint, host } of [pair.client, pair.server]) {
      assert.equal(endpoint.connections.size, 0, `the ${host.name} forgets`);
    }
  }

  get #pairs(): Pair[] {
    return [...this.#traffic.keys()];
  }

  /** Depends on every datagram, its time and its place. */
  get trace(): string {
    const { digest, count } = this.pair.world.network.trace;
    return `${digest} ${count}`;
  }

  #link(): LinkOptions {
    const random = this.#random;
    return linkOf(random.between(1, 40), random.between(2, 250), {
      loss: random.between(0, 0.05),
      reorder: random.chance(0.3) ? random.between(0, 0.05) : 0,
      reorderDelay: random.between(1, 40),
      duplicate: random.chance(0.2) ? random.between(0, 0.03) : 0,
      jitter: random.chance(0.3) ? random.between(0, 20) : 0,
    });
  }

  #connect(pair: Pair): void {
    this.#traffic.set(pair, new Traffic(pair));
    pair.connect();
    // RFC 9000, Section 9: addresses change after the handshake is confirmed.
    pair.run({ until: pair.now + 10_000, when: () => pair.client.connection.handshake.confirmed });
  }

  #fill(traffic: Traffic, begin: number): void {
    const random = this.#random;
    for (let i = 1 + random.below(4); i > 0; i--) {
      const size = Math.floor(10 ** random.between(2, 6));
      const at = begin + random.between(0, TROUBLE);
      if (random.chance(0.4)) traffic.upload(at, size);
      else traffic.download(at, size);
    }
    for (let i = random.chance(0.4) ? 1 + random.below(2) : 0; i > 0; i--) {
      traffic.drip(begin + random.between(0, TROUBLE), drawDrip(random, TROUBLE));
    }
  }

  #happen(): void {
    const random = this.#random;
    const pair = random.pick(this.#pairs);
    const end = random.chance(0.5) ? pair.client : pair.server;
    const index = random.below(pair.links.length);
    const event = EVENTS[random.below(EVENTS.length)]!;
    this.events.push(`${pair.now.toFixed(0)} ${end.host.name} ${event} ${index}`);
    switch (event) {
      case "open":
        return this.#open(pair, index);
      case "close":
        return this.#close(pair, end);
      case "lose":
        return pair.links[index]!.outage(pair.now, pair.now + random.between(50, 8_000));
      case "hold":
        return pair.links[index]!.pause(pair.now, pair.now + random.between(50, 10_000));
      case "silence":
        return this.#silence(100 * (SILENCE / 100) ** random.unit());
      case "rebind":
        pair.clientPorts[index]!.rebind();
        return;
      case "move":
        pair.clientPorts[index]!.rebind(this.#address(index));
        return;
      case "status": {
        const { paths } = end.connection.paths;
        const path = paths[random.below(paths.length)];
        return path?.slot.status.set(random.chance(0.5) ? "backup" : "available");
      }
      case "keys":
        return end.connection.keys.oneRtt?.requestUpdate();
    }
  }

  #address(index: number): { hostname: string } {
    const host = 2 + this.#random.below(200);
    const isIpv6 = this.pair.clientPorts[index]!.publicAddress.hostname.includes(":");
    return { hostname: isIpv6 ? `fd77:9:${index}::${host}` : `10.9.${index}.${host}` };
  }

  #silence(duration: number): void {
    const { links, now } = this.pair;
    for (const link of links) link.outage(now, now + duration);
  }

  #open({ client, clientPorts, serverPorts }: Pair, index: number): void {
    const remote = serverPorts[this.#random.below(serverPorts.length)]!.publicAddress;
    client.connection.openPath(clientPorts[index]!, remote, "available", this.pair.now);
  }

  /** Closes a path, though not the last that works for both ends: that is to close the connection. */
  #close({ client, server }: Pair, { connection }: End): void {
    const other = connection === client.connection ? server.connection : client.connection;
    const open = connection.paths.paths.filter((path) => path.readiness >= Readiness.Open);
    const path = open[this.#random.below(open.length)];
    const remains = open.some((rest) => {
      return rest !== path && rest.readiness >= Readiness.Healthy &&
        (other.paths.find(rest.id)?.readiness ?? 0) >= Readiness.Healthy;
    });
    if (path !== undefined && remains) connection.closePath(path, 0x3e, this.pair.now);
  }

  #isDone(): boolean {
    return [...this.#traffic.values()].every(({ isDone }) => isDone);
  }

  #state(): string {
    const states = [...this.#traffic.values()].map(({ state }) => state).join(" | ");
    return `${states}; ${this.events.join(", ")}`;
  }
}
