/**
 * A network in virtual time, for people who study schedulers, congestion control and failures. Real
 * endpoints of mpquic talk over links with a rate, a delay, a queue, loss, reordering, duplication,
 * corruption, jitter and outages. A seed decides about all chance, so that a run can be repeated to
 * the last byte, on every machine, and takes as long as its packets need to be computed.
 *
 * - {@linkcode measure} moves bytes over some links and gives times and shares: most experiments
 *   need no more.
 * - {@linkcode Pair} is a client and a server with one connection: look at it while it runs, cut its
 *   links, move the client.
 * - {@linkcode World} holds any number of hosts, pairs and links in one virtual time.
 *
 * @example Which scheduler is the fastest over these three links?
 * ```ts
 * import { linkOf, measure } from "@mpquic/mpquic/sim";
 * import { schedulers } from "@mpquic/mpquic";
 *
 * const links = [linkOf(40, 30), linkOf(20, 60, { loss: 0.001 }), linkOf(5, 600)];
 * for (const { name, scheduler } of schedulers) {
 *   const { median, worst } = measure({ links, bytes: 500_000, scheduler, seeds: [1, 2, 3] });
 *   console.log(name, Math.round(median), Math.round(worst));
 * }
 * ```
 *
 * @example A link that fails while bytes flow
 * ```ts
 * import { linkOf, Pair } from "@mpquic/mpquic/sim";
 *
 * const pair = new Pair({ links: [linkOf(10, 40), linkOf(10, 40)], seed: 7 });
 * pair.links[0].outage(500);
 * pair.start();
 * const transfer = pair.client.app.download(2_000_000);
 * pair.run({ until: 60_000, when: () => transfer.isDone });
 * console.log(`${transfer.received} bytes after ${Math.round(transfer.finishedAt)} ms`);
 * ```
 *
 * @experimental Names and shapes may change with every minor version.
 * @module
 */
export { type Experiment, type Figures, measure } from "./experiment.ts";
export { type Doors, Host } from "./host.ts";
export { EventQueue, type SimEvent } from "./event_queue.ts";
export { type Clock, intercept, interceptBoth, type Verdict } from "./intercept.ts";
export { Link, type LinkOptions, queueOf } from "./link.ts";
export { type Capture, Network } from "./network.ts";
export { End, linkOf, Pair, type PairOptions } from "./pair.ts";
export {
  type BurstLoss,
  type DropCause,
  type Flight,
  Pipe,
  type PipeCounters,
  type PipeOptions,
} from "./pipe.ts";
export { logTo, type RecordListener } from "./qlog_listener.ts";
export { SeededRandom } from "./seeded_random.ts";
export { type PortNetwork, type Receiver, SimPort } from "./sim_port.ts";
export { StreamApp, Transfer, type TransferOptions } from "./stream_app.ts";
export { TraceHash } from "./trace_hash.ts";
export { begin, type Direction } from "./transfers.ts";
export { type RunOptions, withSeed, World } from "./world.ts";
