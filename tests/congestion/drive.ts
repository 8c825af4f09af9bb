/** Drives one controller by hand, round trip by round trip, for tests. */
import type {
  CongestionControl,
  CongestionController,
  ControllerOptions,
  RttView,
} from "../../src/congestion/controller.ts";
import type { PacketSample } from "../../src/congestion/packet_sample.ts";
import type { CouplingGroup } from "../../src/congestion/coupling_group.ts";
import { DeliveryRate } from "../../src/congestion/delivery_rate.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";

export const SIZE = 1000;

export function packet(timeSent: number, size: number = SIZE): PacketSample {
  return {
    size,
    timeSent,
    delivered: 0,
    deliveredTime: 0,
    firstSentTime: 0,
    lostAtSend: 0,
    inFlightAtSend: 0,
    appLimited: false,
  };
}

export function options(group?: CouplingGroup): ControllerOptions {
  const base = { maxDatagramSize: SIZE, random: new SeededRandom(1) };
  return group ? { ...base, group } : base;
}

export function rttOf(value: number): RttView {
  return { latest: value, smoothed: value, variation: 0, min: value };
}

export class Driver {
  now = 1;
  readonly controller: CongestionController;
  readonly rate: DeliveryRate = new DeliveryRate();
  rtt: RttView;

  constructor(control: CongestionControl, rtt: number, group?: CouplingGroup) {
    this.controller = control(options(group));
    this.rtt = rttOf(rtt);
  }

  /** Sends `bytes` (the whole window by default), one packet after another at the same time. */
  send(bytes: number = this.controller.window): PacketSample[] {
    const sent: PacketSample[] = [];
    for (let flight = SIZE; flight <= bytes; flight += SIZE) {
      const one = packet(this.now);
      this.rate.onSent(one, flight, this.now);
      this.controller.onSent(one, flight, this.now);
      sent.push(one);
    }
    return sent;
  }

  ack(packets: PacketSample[]): void {
    let flight = packets.length * SIZE;
    for (const one of packets) {
      flight -= one.size;
      this.rate.onAcked(one, this.now);
      this.controller.onAcked(one, this.rtt, flight, this.now);
    }
    this.rate.finish(this.rtt.min, packets.length * SIZE);
    this.controller.onAckProcessed(this.rate, this.rtt, 0, this.now);
    this.rate.next();
  }

  lose(one: PacketSample, persistent: "persistent" | "once" = "once"): void {
    this.rate.onLost(one);
    this.controller.onLost(one, 0, persistent === "persistent", this.now);
  }

  /** A whole flight leaves and is acknowledged a round trip later. */
  round(bytes: number = this.controller.window): void {
    const sent = this.send(bytes);
    this.now += this.rtt.latest;
    this.ack(sent);
  }

  /** Brings the window to `bytes` by slow start and one loss, in congestion avoidance. */
  settle(bytes: number, kept: number): void {
    while (this.controller.window < bytes / kept) {
      const missing = bytes / kept - this.controller.window;
      const sent = this.send();
      this.now += 1;
      this.ack(sent.slice(0, Math.ceil(missing / SIZE)));
    }
    this.now += 1;
    this.lose(this.send(SIZE)[0]!);
    this.now += 1;
  }
}
