import assert from "node:assert/strict";
import { linkOf } from "../sim/pair.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";
import type { Transfer } from "../../src/sim/stream_app.ts";
import { HeapSeries } from "./heap.ts";
import { SoakNet } from "./soak_net.ts";

const LOSS = 0.05;
const INTERVAL = 10_000;
/** Transfers under way at the same time, in each direction. */
const CONCURRENT = 4;

/**
 * Moves bytes both ways for some virtual time, over two paths that lose packets and whose NAT
 * forgets a binding, of one path after the other, every ten seconds. Every byte is looked at.
 */
export async function rebinding(duration: number): Promise<string> {
  const links = [linkOf(4, 30, { loss: LOSS }), linkOf(4, 50, { loss: LOSS })];
  const net = new SoakNet({ links, clientConfig: { keepAliveInterval: 5_000 } });
  const run = new Rebinding(net, duration);
  const heap = new HeapSeries();
  const quarter = duration / 8;
  for (let end = quarter; end <= duration; end += quarter) {
    net.pair.run({ until: end });
    await heap.measure();
  }
  run.finish();
  return `${duration / 1_000} s of virtual time: ${run.report}; ${heap}`;
}

/** The traffic and the accidents of such a run. */
class Rebinding {
  readonly #net: SoakNet;
  readonly #end: number;
  readonly #random = new SeededRandom("rebinding");
  readonly #downloads = new Set<Transfer>();
  #begun = 0;
  #done = 0;
  #bytes = 0;
  #uploaded = 0;
  #rebindings = 0;

  constructor(net: SoakNet, end: number) {
    this.#net = net;
    this.#end = end;
    const connection = net.connect();
    net.onClientEvent = (from, event) => {
      if (from === connection && event.type === "handshakeCompleted") this.#begin();
      if (event.type === "closed") assert.fail(`The connection ended at ${net.now} ms`);
    };
    for (let at = INTERVAL; at < end; at += INTERVAL) net.pair.at(at, () => this.#rebind());
  }

  get report(): string {
    return `${this.#rebindings} rebindings under ${LOSS * 100} % loss, ${this.#done} downloads ` +
      `and ${this.#begun} uploads, ${(this.#bytes / 1e6).toFixed(0)} MB, no byte lost`;
  }

  /** Waits for what is still under way, and counts. */
  finish(): void {
    const { pair, serverApps } = this.#net;
    const uploads = () => [...[...serverApps.values()][0]!.uploads.values()];
    const isDone = () => this.#downloads.size === 0 && uploads().every((each) => each.isDone);
    pair.run({ until: this.#end + 300_000, when: isDone });
    assert.equal(this.#downloads.size, 0, "all downloads are complete");
    assert.equal(uploads().length, this.#begun, "all uploads have come");
    const uploaded = uploads().reduce((sum, { received }) => sum + received, 0);
    assert.equal(uploaded, this.#uploaded, "all bytes of all uploads have come");
    this.#bytes += uploaded;
    assert.equal(this.#rebindings, Math.ceil(this.#end / INTERVAL) - 1);
  }

  #begin(): void {
    const { pair, clientApps } = this.#net;
    const [connection] = clientApps.keys();
    const remote = pair.serverPorts[0]!.publicAddress;
    connection!.openPath(pair.clientPorts[1]!, remote, "available", pair.now);
    for (let i = 0; i < CONCURRENT; i++) this.#move();
  }

  /** A download, and with it an upload; when it is done, the next ones. */
  #move(): void {
    const { pair, clientApps } = this.#net;
    if (pair.now >= this.#end) return;
    const [app] = clientApps.values();
    const download = app!.download(this.#size(), {
      onDone: (transfer) => {
        this.#downloads.delete(transfer);
        this.#done++;
        this.#bytes += transfer.received;
        this.#move();
      },
    });
    this.#downloads.add(download);
    const size = this.#size();
    app!.upload(size);
    this.#begun++;
    this.#uploaded += size;
  }

  #size(): number {
    return Math.floor(10 ** this.#random.between(1, 5.5));
  }

  #rebind(): void {
    const { clientPorts } = this.#net.pair;
    clientPorts[this.#rebindings++ % clientPorts.length]!.rebind();
  }
}
