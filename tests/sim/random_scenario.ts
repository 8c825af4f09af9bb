import assert from "node:assert/strict";
import type { LinkOptions } from "../../src/sim/link.ts";
import { linkOf, Pair } from "./pair.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";
import type { Transfer } from "../../src/sim/stream_app.ts";

/** Links, transfers and accidents, all drawn from one seed. */
export class RandomScenario {
  readonly pair: Pair;
  readonly #random: SeededRandom;
  readonly #downloads: Transfer[] = [];
  /** Downloads that are planned, begun or not. */
  #expected = 0;
  #uploads = 0;
  #uploadBytes = 0;

  constructor(seed: number | string) {
    this.#random = new SeededRandom(seed, "scenario");
    const links = Array.from({ length: 1 + this.#random.below(4) }, () => this.#link());
    const serverAddresses = 1 + this.#random.below(links.length);
    const ipv6 = this.#random.chance(0.3);
    // Without it, a client that only waits would not notice that its NAT forgot it.
    const clientConfig = { keepAliveInterval: 5_000 };
    this.pair = new Pair({ seed, links, serverAddresses, ipv6, clientConfig });
  }

  /** Runs until everything has arrived. The first path is never cut for good. */
  run(): void {
    const { pair } = this;
    pair.start();
    const streams = 1 + this.#random.below(8);
    for (let i = 0; i < streams; i++) this.#transfer();
    const accidents = this.#random.below(6);
    for (let i = 0; i < accidents; i++) this.#accident();
    pair.run({ until: 240_000, when: () => this.#isDone() });
    assert.ok(this.#isDone(), this.#state());
    pair.client.connection.close(0, "", pair.now);
    pair.run({ until: pair.now + 60_000 });
    for (const end of [pair.client, pair.server]) {
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

  #transfer(): void {
    const size = Math.floor(10 ** this.#random.between(0, 5.7));
    const options = { urgency: this.#random.below(8), incremental: this.#random.chance(0.5) };
    const at = this.#random.chance(0.5) ? 0 : this.#random.between(0, 2_000);
    const isUpload = this.#random.chance(0.3);
    if (isUpload) {
      this.#uploads++;
      this.#uploadBytes += size;
    }
    const { pair } = this;
    pair.at(at, () => {
      if (isUpload) pair.client.app.upload(size, options);
      else this.#downloads.push(pair.client.app.download(size, options));
    });
    if (!isUpload) this.#expected++;
  }

  #accident(): void {
    const random = this.#random;
    const { pair } = this;
    const at = random.between(50, 4_000);
    const index = random.below(pair.links.length);
    const link = pair.links[index]!;
    const kind = random.below(5);
    if (kind === 0) link.outage(at, at + random.between(50, 4_000));
    else if (kind === 1) pair.at(at, () => this.#rebind(index));
    else if (kind === 2) pair.at(at, () => link.set({ rate: random.between(0.3, 20) * 1e6 }));
    else if (kind === 3) pair.at(at, () => link.set({ delay: random.between(1, 200) }));
    else if (index > 0) link.outage(at);
  }

  /** RFC 9000, Section 9 relies on stable addresses during the handshake, so we do, too. */
  #rebind(index: number): void {
    const { client, clientPorts } = this.pair;
    if (client.connection.handshake.confirmed) clientPorts[index]!.rebind();
  }

  #isDone(): boolean {
    if (this.#downloads.length < this.#expected) return false;
    if (!this.#downloads.every((transfer) => transfer.isDone)) return false;
    if (this.#uploads === 0) return true;
    if (!this.pair.server.isConnected) return false;
    const uploads = [...this.pair.server.app.uploads.values()];
    if (uploads.length < this.#uploads || !uploads.every(({ isDone }) => isDone)) return false;
    assert.equal(uploads.reduce((sum, { received }) => sum + received, 0), this.#uploadBytes);
    return true;
  }

  #state(): string {
    const { client, server } = this.pair;
    const downloads = this.#downloads.map(({ received, size }) => `${received}/${size}`).join(" ");
    const ends = [...client.events, ...server.events].filter(({ type }) => type === "closed");
    return `downloads ${downloads}, uploads of ${this.#uploads} streams, ${JSON.stringify(ends)}`;
  }
}
