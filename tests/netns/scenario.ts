import type { LinkOptions } from "../../src/sim/link.ts";
import { linkOf } from "../sim/pair.ts";
import type { Direction, Outcome, Task } from "./client.ts";
import type { Helper } from "./helper.ts";
import type { Report } from "./relay.ts";
import { simulate, simulateAnswers, simulateDrips } from "./simulate.ts";
import { serverAddress, Testbed } from "./testbed.ts";

/** How a path is taken away in the middle of a transfer. */
export type Disturbance = "cut" | "cut for good" | "link down" | "address removed";

/** A transfer over real sockets, and its like in the simulation. */
export interface Scenario {
  readonly name: string;
  readonly links: readonly LinkOptions[];
  readonly size: number;
  readonly direction: Direction;
  /** What happens to the first path when a quarter has come; undone a second later, as a rule. */
  readonly disturbance?: Disturbance;
}

/** What a run gave. */
export interface Measurement extends Outcome {
  /** Bytes that each link brought to where the data go. */
  readonly bytes: readonly number[];
  /** Milliseconds until the path that was taken away carried data again. */
  readonly returnTime: number | undefined;
  /** Milliseconds that the relay was late at worst. */
  readonly lateness: number;
}

/** Milliseconds for which a path is taken away. */
export const OUTAGE = 1_000;
/** Milliseconds within which a client sees that an address has come back. */
export const POLL = 1_000;
/** What has come by then, of the whole. */
const MARK = 0.25;
/** A path that brought so many bytes is in use; probes are far smaller. */
const IN_USE = 20_000;

/** Both hosts with their programs. */
export class Stage implements AsyncDisposable {
  readonly #testbed: Testbed;
  readonly #client: Helper;

  private constructor(testbed: Testbed, client: Helper) {
    this.#testbed = testbed;
    this.#client = client;
  }

  /** Starts everything, with that many links, and lets the programs warm up. */
  static async set(linkCount: number): Promise<Stage> {
    const links = Array.from({ length: linkCount }, () => linkOf(10, 44));
    const testbed = await Testbed.make(links);
    try {
      await testbed.start(testbed.server, "server.ts");
      const stage = new Stage(testbed, await testbed.start(testbed.client, "client.ts"));
      for (const direction of ["download", "upload"] as const) {
        await stage.#transfer({ name: "warm-up", links, size: 524_288, direction });
      }
      return stage;
    } catch (error) {
      await testbed[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Runs a scenario once. */
  async run(scenario: Scenario): Promise<Measurement> {
    const { links, disturbance } = scenario;
    for (const [link, options] of links.entries()) {
      await this.#testbed.order({ link, set: { loss: 0, ...options }, cut: false });
    }
    const before = await this.#testbed.order();
    let returnTime: number | undefined;
    const outcome = await this.#transfer(scenario, async () => {
      if (disturbance) returnTime = await this.#disturb(scenario, disturbance);
    });
    const after = await this.#testbed.order();
    const bytes = links.map((_, i) => bytesOf(after, scenario, i) - bytesOf(before, scenario, i));
    return { ...outcome, bytes, returnTime, lateness: after.lateness };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#testbed[Symbol.asyncDispose]();
  }

  async #transfer(scenario: Scenario, onMark?: () => Promise<void>): Promise<Outcome> {
    const { links, size, direction } = scenario;
    const task: Task = {
      hostname: serverAddress(0),
      localAddresses: links.map((_, i) => `c${i}`),
      direction,
      size,
      ...(onMark ? { mark: MARK * size } : {}),
    };
    await this.#client.tell(task);
    let disturbed: Promise<void> | undefined;
    for (;;) {
      const line = await this.#client.next();
      if (line === "mark") disturbed = onMark?.();
      else {
        await disturbed;
        return JSON.parse(line);
      }
    }
  }

  /** Takes the first path away and gives it back; returns how long it takes to be used again. */
  async #disturb(scenario: Scenario, disturbance: Disturbance): Promise<number | undefined> {
    // Between two answers, when nothing is under way that would give the loss away.
    if (scenario.direction === "answers") await sleep(200);
    await this.#take(disturbance);
    if (disturbance === "cut for good") return undefined;
    await sleep(OUTAGE);
    const before = bytesOf(await this.#testbed.order(), scenario, 0);
    await this.#giveBack(disturbance);
    const start = performance.now();
    for (;;) {
      await sleep(50);
      const waited = performance.now() - start;
      if (bytesOf(await this.#testbed.order(), scenario, 0) > before + IN_USE) return waited;
      if (waited > 5_000) return undefined;
    }
  }

  async #take(disturbance: Disturbance): Promise<void> {
    if (disturbance === "link down") await this.#testbed.setInterface(0, "down");
    else if (disturbance === "address removed") await this.#testbed.removeAddress(0);
    else await this.#testbed.order({ link: 0, cut: true });
  }

  async #giveBack(disturbance: Disturbance): Promise<void> {
    if (disturbance === "cut") await this.#testbed.order({ link: 0, cut: false });
    else if (disturbance === "link down") await this.#testbed.setInterface(0, "up");
    else await this.#testbed.addAddress(0);
  }
}

/**
 * Milliseconds that the scenario takes in the simulation; the longest answer or delay of a message,
 * where it is that.
 */
export function simulated({ links, size, direction, disturbance }: Scenario): number {
  if (direction === "drips") return simulateDrips();
  if (direction === "answers") return simulateAnswers(links, size);
  if (!disturbance) return simulate(links, size);
  // A client looks at its interfaces once a second; a silent path it asks more often.
  const outage = disturbance === "cut" ? OUTAGE : OUTAGE + POLL;
  return simulate(links, size, { after: MARK * size, duration: outage });
}

function bytesOf(report: Report, { direction }: Scenario, link: number): number {
  const { up, down } = report.links[link]!;
  return (direction === "upload" ? up : down).deliveredBytes;
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
