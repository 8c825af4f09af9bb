// How much a network path carries: window, rates, datagram size.

import type { CongestionController } from "../../congestion/controller.ts";
import { DeliveryRate } from "../../congestion/delivery_rate.ts";
import { Pacer } from "../../congestion/pacer.ts";
import { PeakRate } from "../../congestion/peak_rate.ts";
import { BASE_DATAGRAM_SIZE, MtuDiscovery } from "./mtu_discovery.ts";
import type { NetworkPathOptions } from "./network_path_options.ts";

/**
 * What is known of how much a network path carries: its window, its rates, its datagram size. All
 * of it goes on together when nothing but the peer's port changes.
 */
export class Capacity {
  readonly congestion: CongestionController;
  readonly rate: DeliveryRate = new DeliveryRate();
  readonly pacer: Pacer = new Pacer(BASE_DATAGRAM_SIZE);
  readonly mtu: MtuDiscovery;
  /** The largest rate delivered lately. */
  readonly peak: PeakRate = new PeakRate();

  constructor(options: NetworkPathOptions) {
    this.congestion = options.congestionControl({
      maxDatagramSize: BASE_DATAGRAM_SIZE,
      initialWindow: options.initialWindow,
      random: options.random,
      group: options.group,
    });
    this.mtu = new MtuDiscovery(options.maxDatagramSize);
  }
}
