import type { LinkOptions } from "../../src/sim/link.ts";
import { LINKS } from "../sim/dying_path.ts";
import { linkOf } from "../sim/pair.ts";
import type { Disturbance, Scenario } from "./scenario.ts";

const MIB = 1_048_576;
const RTT = 44;

/** One and two paths, equal ones and unequal ones. */
export const transfers: readonly Scenario[] = [
  download("one path of 10 Mbit/s, RTT 44 ms", [linkOf(10, RTT)]),
  download("2 × 10 Mbit/s, RTT 44 ms", [linkOf(10, RTT), linkOf(10, RTT)]),
  download("10 + 50 Mbit/s, RTT 44 ms", [linkOf(10, RTT), linkOf(50, RTT)]),
  download("2 × 10 Mbit/s, RTT 44 + 132 ms", [linkOf(10, RTT), linkOf(10, 3 * RTT)]),
  download("10 + 1 Mbit/s, RTT 0", [linkOf(10, 0.2), linkOf(1, 0.2)]),
  download("2 × 10 Mbit/s, RTT 44 ms, 1 % loss on one", [
    linkOf(10, RTT),
    linkOf(10, RTT, { loss: 0.01 }),
  ]),
];

/** A path that is taken away and given back, by one means or another. */
export const failovers: readonly Scenario[] = [
  failover("download", "cut"),
  failover("download", "link down"),
  failover("download", "address removed"),
  failover("upload", "link down"),
  failover("upload", "address removed"),
];

/** Small answers on a connection whose first path dies; what counts is the longest one. */
export const handover: Scenario = {
  name: "answers of 750 B, paths of 15 + 25 ms, the first is cut for good",
  links: [linkOf(10, 15), linkOf(10, 25)],
  size: 750,
  direction: "answers",
  disturbance: "cut for good",
};

/** Small messages of either end, in streams and datagrams; what counts is the latest one. */
export const drips: Scenario = {
  name: "messages every 20 and 50 ms, paths of 60 + 90 ms, the first is cut for good",
  links: LINKS,
  size: 0,
  direction: "drips",
  disturbance: "cut for good",
};

function download(links: string, options: readonly LinkOptions[]): Scenario {
  return { name: `1 MiB, ${links}`, links: options, size: MIB, direction: "download" };
}

function failover(direction: "download" | "upload", disturbance: Disturbance): Scenario {
  const links = [linkOf(10, RTT), linkOf(10, RTT)];
  const name = `${direction} of 4 MiB, 2 × 10 Mbit/s, first path: ${disturbance}`;
  return { name, links, size: 4 * MIB, direction, disturbance };
}
