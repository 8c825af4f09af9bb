import { defaultGroups } from "../../src/tls/key/key_exchange.ts";
import { earliestCompletion } from "../../src/scheduler/earliest_completion.ts";
import { pairOf } from "../evaluate/measure.ts";
import type { LinkOptions } from "../../src/sim/link.ts";
import { loseUnderDrip } from "../sim/dying_path.ts";
import { PLANS } from "./drip.ts";

/** The key exchange of real programs, which needs two packets. */
const clientTls = { groups: defaultGroups };

/** The first link is silent for some milliseconds when so many bytes have come. */
export interface SimulatedOutage {
  readonly after: number;
  readonly duration: number;
}

/** Virtual milliseconds from the start of the handshake to the last byte. */
export function simulate(
  links: readonly LinkOptions[],
  size: number,
  outage?: SimulatedOutage,
): number {
  const pair = pairOf(links, { clientTls });
  pair.start();
  const transfer = pair.client.app.download(size);
  if (outage) {
    pair.run({ until: 600_000, when: () => transfer.received >= outage.after });
    pair.links[0]!.outage(pair.now, pair.now + outage.duration);
  }
  pair.run({ until: 600_000, when: () => transfer.isDone });
  if (!transfer.isDone) throw new Error(`Cannot simulate: ${size} bytes never came`);
  return transfer.finishedAt;
}

/** Virtual milliseconds of the longest of some small answers, while the first link dies. */
export function simulateAnswers(links: readonly LinkOptions[], size: number): number {
  const pair = pairOf(links, { clientTls });
  pair.start();
  const answers: { duration: number }[] = [];
  for (let time = 500; time < 4_000; time += 400) {
    pair.at(time, () => answers.push(pair.client.app.download(size)));
  }
  pair.links[0]!.outage(1_500);
  pair.run({ until: 10_000 });
  return Math.max(...answers.map(({ duration }) => duration));
}

/** Virtual milliseconds of the longest delay of a message, while the first link dies. */
export function simulateDrips(): number {
  const scheduler = earliestCompletion;
  const delays = PLANS.map((drip) => loseUnderDrip({ seed: 1, drip, scheduler, dying: 0 }).longest);
  return Math.max(...delays);
}
