import assert from "node:assert/strict";
import { Drip, type DripOptions } from "./drip.ts";
import type { Pair } from "./pair.ts";
import type { SeededRandom } from "../../src/sim/seeded_random.ts";
import type { StreamApp, Transfer, TransferOptions } from "../../src/sim/stream_app.ts";

/** Milliseconds after which it is looked again whether a drip can begin. */
const AGAIN = 50;

/** A drip that ends by itself. */
export interface PlannedDrip extends DripOptions {
  /** Milliseconds. */
  readonly duration: number;
}

/** What one connection carries: transfers and drips, and whether all of it has arrived. */
export class Traffic {
  readonly #pair: Pair;
  readonly #downloads: Transfer[] = [];
  readonly #drips: Drip[] = [];
  /** What has not begun. */
  #planned = 0;
  #uploads = 0;
  #uploadBytes = 0;

  constructor(pair: Pair) {
    this.#pair = pair;
  }

  download(at: number, size: number, options?: TransferOptions): void {
    this.#plan(at, () => this.#downloads.push(this.#pair.client.app.download(size, options)));
  }

  upload(at: number, size: number, options?: TransferOptions): void {
    this.#plan(at, () => {
      this.#uploads++;
      this.#uploadBytes += size;
      this.#pair.client.app.upload(size, options);
    });
  }

  /** Begins once both ends have completed the handshake. */
  drip(at: number, options: PlannedDrip): void {
    const { client, server } = this.#pair;
    this.#plan(at, () => {
      if (!client.has("handshakeCompleted") || !server.has("handshakeCompleted")) {
        return this.drip(this.#pair.now + AGAIN, options);
      }
      const drip = new Drip(this.#pair, options);
      this.#drips.push(drip);
      drip.start();
      this.#pair.at(this.#pair.now + options.duration, () => drip.finish());
    });
  }

  /** Whether every byte is where it belongs. Datagrams may be lost. */
  get isDone(): boolean {
    if (this.#planned > 0 || !this.#downloads.every(({ isDone }) => isDone)) return false;
    if (!this.#drips.every(({ isDone }) => isDone)) return false;
    const { client, server } = this.#pair;
    const dripped = {
      client: bytesOf(this.#drips, "client"),
      server: bytesOf(this.#drips, "server"),
    };
    if (this.#uploads + dripped.client.length > 0) {
      if (!server.isConnected) return false;
      const sizes = [this.#uploadBytes, ...dripped.client];
      if (!isWhole(server.app, this.#uploads + dripped.client.length, sizes)) return false;
    }
    return isWhole(client.app, dripped.server.length, dripped.server);
  }

  /** How far everything is, for messages. */
  get state(): string {
    const downloads = this.#downloads.map(({ received, size }) => `${received}/${size}`).join(" ");
    const late = this.#drips.map(({ waiting }) => waiting.toFixed(0)).join(" ");
    return `${this.#planned} planned, downloads ${downloads}, ${this.#uploads} uploads of ` +
      `${this.#uploadBytes} bytes, drips that wait ${late} ms`;
  }

  #plan(at: number, begin: () => void): void {
    this.#planned++;
    this.#pair.at(at, () => {
      this.#planned--;
      begin();
    });
  }
}

/** A drip every 5 to 400 ms, shorter periods as often as longer ones. */
export function drawDrip(random: SeededRandom, longest: number): PlannedDrip {
  return {
    from: random.pick(["client", "server"] as const),
    kind: random.pick(["stream", "stream", "datagram", "request"] as const),
    period: 5 * 80 ** random.unit(),
    duration: random.between(100, longest),
  };
}

/** Bytes that drips on streams have written, each. */
function bytesOf(drips: readonly Drip[], end: "client" | "server"): number[] {
  return drips.filter(({ from, kind }) => from === end && kind === "stream")
    .map(({ written }) => written);
}

/** Whether so many streams have come to an end, and nothing but these bytes came by them. */
function isWhole({ uploads }: StreamApp, count: number, sizes: readonly number[]): boolean {
  const all = [...uploads.values()];
  if (all.length < count || !all.every(({ isDone }) => isDone)) return false;
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  assert.equal(sum(all.map(({ received }) => received)), sum(sizes), "uploads arrive whole");
  return true;
}
