import assert from "node:assert/strict";
import type { LinkOptions } from "../../src/sim/link.ts";
import { type End, linkOf, Pair } from "./pair.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";
import type { Transfer } from "../../src/sim/stream_app.ts";
import { expectOpen } from "./transfers.ts";

/** Virtual milliseconds in which things happen to the paths. */
const TROUBLE = 6_000;
/** Virtual milliseconds by which everything must have arrived. */
const LIMIT = 240_000;

const EVENTS = ["open", "close", "lose", "rebind", "move", "status", "keys"] as const;

/**
 * One connection over lossy links whose paths are opened, closed, lost, moved and changed by both
 * ends while it carries data, all drawn from one seed.
 */
export class PathHistory {
  readonly pair: Pair;
  /** What happened, for messages. */
  readonly events: string[] = [];
  readonly #random: SeededRandom;
  readonly #downloads: Transfer[] = [];
  #uploads = 0;
  #uploadBytes = 0;

  constructor(seed: number | string) {
    this.#random = new SeededRandom(seed, "path history");
    const links = Array.from({ length: 2 + this.#random.below(3) }, () => this.#link());
    this.pair = new Pair({
      seed,
      links,
      serverAddresses: 1 + this.#random.below(links.length),
      ipv6: this.#random.chance(0.3),
      openPaths: this.#random.chance(0.7),
      // A client that only waits would not notice that its NAT forgot it.
      clientConfig: { keepAliveInterval: 5_000 },
    });
  }

  /** Lives through all of it; throws unless every byte arrives once, and where it belongs. */
  run(): void {
    const { pair } = this;
    const random = this.#random;
    pair.connect();
    // RFC 9000, Section 9: addresses change after the handshake is confirmed.
    pair.run({ until: pair.now + 10_000, when: () => pair.client.connection.handshake.confirmed });
    const begin = pair.now;
    for (let i = 1 + random.below(4); i > 0; i--) this.#transfer(begin);
    for (let i = 3 + random.below(12); i > 0; i--) {
      pair.at(begin + random.between(0, TROUBLE), () => this.#happen());
    }
    pair.run({ until: begin + TROUBLE });
    pair.run({ until: LIMIT, when: () => this.#isDone() });
    expectOpen(pair);
    assert.ok(this.#isDone(), this.#state());
    pair.client.connection.close(0, "", pair.now);
    pair.run({ until: pair.now + 60_000 });
    for (const { endpoint, host } of [pair.client, pair.server]) {
      assert.equal(endpoint.connections.size, 0, `the ${host.name} forgets`);
    }
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

  #transfer(begin: number): void {
    const { pair } = this;
    const size = Math.floor(10 ** this.#random.between(2, 6));
    const isUpload = this.#random.chance(0.4);
    if (isUpload) {
      this.#uploads++;
      this.#uploadBytes += size;
    }
    pair.at(begin + this.#random.between(0, TROUBLE), () => {
      if (isUpload) pair.client.app.upload(size);
      else this.#downloads.push(pair.client.app.download(size));
    });
  }

  #happen(): void {
    const random = this.#random;
    const { pair } = this;
    const end = random.chance(0.5) ? pair.client : pair.server;
    const index = random.below(pair.links.length);
    const event = EVENTS[random.below(EVENTS.length)]!;
    this.events.push(`${pair.now.toFixed(0)} ${end.host.name} ${event} ${index}`);
    switch (event) {
      case "open":
        return this.#open(index);
      case "close":
        return this.#close(end);
      case "lose":
        return pair.links[index]!.outage(pair.now, pair.now + random.between(50, 8_000));
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

  #open(index: number): void {
    const { client, clientPorts, serverPorts } = this.pair;
    const remote = serverPorts[this.#random.below(serverPorts.length)]!.publicAddress;
    client.connection.openPath(clientPorts[index]!, remote, "available", this.pair.now);
  }

  /** Closes a path, though not the last that works for both ends: that is to close the connection. */
  #close({ connection }: End): void {
    const { client, server } = this.pair;
    const other = connection === client.connection ? server.connection : client.connection;
    const open = connection.paths.paths.filter((path) => path.open);
    const path = open[this.#random.below(open.length)];
    const remains = open.some((rest) => {
      return rest !== path && rest.healthy && other.paths.find(rest.id)?.healthy === true;
    });
    if (path !== undefined && remains) connection.closePath(path, 0x3e, this.pair.now);
  }

  #isDone(): boolean {
    if (!this.#downloads.every((transfer) => transfer.isDone)) return false;
    const uploads = [...this.pair.server.app.uploads.values()];
    if (uploads.length < this.#uploads || !uploads.every(({ isDone }) => isDone)) return false;
    const received = uploads.reduce((sum, upload) => sum + upload.received, 0);
    assert.equal(received, this.#uploadBytes, "uploads arrive whole");
    return true;
  }

  #state(): string {
    const downloads = this.#downloads.map(({ received, size }) => `${received}/${size}`).join(" ");
    return `downloads ${downloads}, ${this.#uploads} uploads; ${this.events.join(", ")}`;
  }
}
