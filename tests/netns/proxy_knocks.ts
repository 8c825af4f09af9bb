/** What programs feel beside a bulk transfer through the near side, and over UDP. */

import type { LinkOptions } from "../../src/sim/link.ts";
import { median, quantile } from "../evaluate/row.ts";
import { linkOf } from "../sim/pair.ts";
import type { Felt, Knock } from "./knocker.ts";
import { Proxied, proxyWays } from "./proxied.ts";
import { homeAddress, serverAddress } from "./testbed.ts";

const LINKS: readonly LinkOptions[] = [linkOf(20, 20), linkOf(20, 20)];
const TUNNELS = 99;
/** Seconds of what is measured beside a bulk transfer; milliseconds until the queues are full. */
const SPAN = 15;
const FILLING = 3_000;
/** More than the transfer can carry by then. */
const BULK = 400_000_000;
const NAMES = 20;
/** Seconds of a call, and milliseconds until a link is pulled. */
const CALL = 10;
const PULL = 4_000;

/** A line of the table: what was measured, and the figures. */
export type KnockRow = readonly [name: string, figures: string];

/**
 * Bulk through one tunnel, small requests through many others, and what ping says meanwhile.
 *
 * @param marking Milliseconds that packets wait from which on routers mark them; none, if left out.
 */
export async function besideBulk(marking?: number): Promise<readonly KnockRow[]> {
  const isNative = marking !== undefined;
  const marked = (link: LinkOptions) => ({ ...link, markFrom: link.rate! / 8_000 * marking! });
  const links = isNative ? LINKS.map(marked) : LINKS;
  await using proxied = await Proxied.make(links, { hasRouters: true, isNative });
  const { testbed } = proxied;
  const knock = await knockerOf(proxied);
  const pingers = [await knockerOf(proxied), await knockerOf(proxied)];
  const ask = { kind: "requests", tunnels: TUNNELS, seconds: SPAN } as const;
  const idle = await knock(ask);
  const bulk = proxied.curl(proxyWays[0]!, BULK).spawn();
  let carried = 0;
  const draining = (async () => {
    for await (const piece of bulk.stdout) carried += piece.length;
  })();
  await new Promise((resolve) => setTimeout(resolve, FILLING));
  const [before, from] = [carried, performance.now()];
  const pings = pingers.map((ping, link) =>
    ping({ kind: "ping", from: homeAddress(link), to: serverAddress(link), seconds: SPAN })
  );
  const busy = await knock(ask);
  const rate = 8 * (carried - before) / (1_000 * (performance.now() - from));
  const [first, second] = await Promise.all(pings);
  bulk.kill("SIGKILL");
  await Promise.all([draining, bulk.stderr.cancel(), bulk.status]);
  const { lateness, links: counted } = await testbed.order();
  return [
    ["1 kB, idle: median, 95th percentile (ms)", spread(idle.times)],
    ["1 kB, beside bulk", spread(busy.times)],
    [
      "ping beside bulk, first and second link",
      `${spread(first!.times)} and ${spread(second!.times)}`,
    ],
    ["bulk meanwhile (Mbit/s)", rate.toFixed(1)],
    ["packets marked", counted.map(({ down }) => down.marked).join(" and ")],
    ["the links were late at worst (ms)", lateness.toFixed(0)],
  ];
}

/** Names, a QUIC connection, and a call with a pulled link. */
export async function overUdp(scheduler: string): Promise<readonly KnockRow[]> {
  const more = ["--scheduler", scheduler];
  await using proxied = await Proxied.make(LINKS, { hasRouters: true, more });
  const { testbed } = proxied;
  const inside = await proxied.serveInside();
  const knock = await knockerOf(proxied);
  const rows: KnockRow[] = [];
  const told = (name: string, { times, wanted }: Felt) => {
    const text = times.length > 0 ? spread(times) : "";
    rows.push([`${name}, ${scheduler}`, `${wanted - times.length} of ${wanted} lost, ${text}`]);
  };
  told("names", await knock({ kind: "names", count: NAMES }));
  told("QUIC connection inside", await knock({ kind: "quic", port: inside }));
  for (const link of [0, 1]) {
    const calling = knock({ kind: "call", seconds: CALL });
    await new Promise((resolve) => setTimeout(resolve, PULL));
    await testbed.order({ link, cut: true });
    told(`call of ${CALL} s there and back, link ${link} pulled`, await calling);
    await testbed.order({ link, cut: false });
    await new Promise((resolve) => setTimeout(resolve, PULL));
  }
  return rows;
}

/** Starts a program that measures; it answers one task after the other. */
async function knockerOf({ testbed }: Proxied): Promise<(task: Knock) => Promise<Felt>> {
  const knocker = await testbed.start(testbed.client, "knocker.ts");
  return async (task) => {
    await knocker.tell(task);
    return JSON.parse(await knocker.next());
  };
}

function spread(times: readonly number[]): string {
  return [median(times), quantile(times, 0.95)].map((time) => time.toFixed(1)).join(", ");
}
