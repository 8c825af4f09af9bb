// deno-lint-ignore-file no-console -- a program speaks on its console
/**
 * What `mpquic proxy` brings to programs, beside TCP over one link and kernel MPTCP with a SOCKS
 * proxy (Linux, root, nftables; mptcpize and microsocks for the latter):
 *
 *     deno task netns-proxy [RUNS [WORDS OF A ROW...]]
 *
 * The laptop has two links of 20 Mbit/s behind routers that translate addresses, with queues of one
 * bandwidth-delay product.
 */
import type { LinkOptions } from "../../src/sim/link.ts";
import { median } from "../evaluate/row.ts";
import { linkOf } from "../sim/pair.ts";
import { Arrivals } from "./arrivals.ts";
import { fetchers, ShelfHost } from "./fetchers.ts";
import { mptcpWay, startKernelMptcp, useCubic, whyNoKernelMptcp } from "./kernel_mptcp.ts";
import { besideBulk, type KnockRow, overUdp } from "./proxy_knocks.ts";
import { Proxied, proxyWays, type Way } from "./proxied.ts";
import { hasNftables, serverAddress, whyNoNamespaces } from "./testbed.ts";

/** Where it is measured. */
interface Bed {
  readonly proxied: Proxied;
  readonly host: ShelfHost;
}

/** What is measured of a way, and what the figures are called. */
interface Measure {
  readonly names: readonly string[];
  /** Whether one link alone would never end. */
  readonly needsLinks?: true;
  /** Whether a way is for it; all are, if left out. */
  canGo?(way: Way): boolean;
  run(bed: Bed, way: Way): Promise<readonly number[]>;
}

const MEGABYTE = 1_000_000;
const BIG = 20 * MEGABYTE;
const SMALL = 1_000;
const REQUESTS = 100;
/** What has come when links are pulled. */
const MARK = BIG / 4;
/** Milliseconds that both links are away. */
const OUTAGE = 35_000;

const beds: Readonly<Record<string, readonly LinkOptions[]>> = {
  "RTT 20 + 20 ms": [linkOf(20, 20), linkOf(20, 20)],
  "RTT 20 + 80 ms": [linkOf(20, 20), linkOf(20, 80)],
};

/** Milliseconds that the links may be late, and how often is tried to have them on time. */
const LATEST = 50;
const TRIALS = 20;

const direct: Way = { name: "TCP, first link", args: [], host: serverAddress(0) };

const measures: readonly Measure[] = [
  { names: ["20 MB (s)"], run: async ({ proxied }, way) => [await fetch(proxied, way, BIG)] },
  { names: ["1 MB (s)"], run: async ({ proxied }, way) => [await fetch(proxied, way, MEGABYTE)] },
  ...fetchers.filter(({ missing }) => missing === undefined).map((fetcher): Measure => ({
    names: [`${fetcher.name}, 20 MB (s)`],
    canGo: (way) => fetcher.canGo(way),
    run: async ({ host }, way) => [await fetcher.fetch(host, way) / 1_000],
  })),
  {
    names: [`${REQUESTS} × 1 kB, a connection each (s)`],
    run: async ({ proxied }, way) => {
      const args = [...way.args, "-H", "connection: close"];
      const command = proxied.curl({ ...way, args }, `${SMALL}?[1-${REQUESTS}]`);
      return [seconds(await Arrivals.of(command, SMALL, { count: REQUESTS }))];
    },
  },
  ...[0, 1].map((link): Measure => ({
    names: [`20 MB, link ${link} pulled (s)`, "longest silence then (ms)"],
    needsLinks: true,
    run: ({ proxied }, way) => pull(proxied, way, [link]),
  })),
  {
    names: [`20 MB, both links away for ${OUTAGE / 1_000} s (s)`],
    needsLinks: true,
    run: async ({ proxied }, way) => [(await pull(proxied, way, [0, 1], OUTAGE))[0]!],
  },
];

async function fetch(proxied: Proxied, way: Way, size: number): Promise<number> {
  return seconds(await Arrivals.of(proxied.curl(way, size), size));
}

/** Cuts links in the middle of a transfer, for good or for some milliseconds. */
async function pull(
  proxied: Proxied,
  way: Way,
  links: readonly number[],
  outage = Infinity,
): Promise<readonly number[]> {
  const { testbed } = proxied;
  const cut = async (isCut: boolean) => {
    for (const link of links) await testbed.order({ link, cut: isCut });
  };
  let pulledAt = Infinity;
  let pulling: Promise<void> | undefined;
  const disturb = async () => {
    pulledAt = performance.now();
    await cut(true);
    if (outage === Infinity) return;
    await new Promise((resolve) => setTimeout(resolve, outage));
    await cut(false);
  };
  const onBytes = (bytes: number) => {
    if (bytes >= MARK) pulling ??= disturb();
  };
  try {
    const arrivals = await Arrivals.of(proxied.curl(way, BIG), BIG, { onBytes });
    return [seconds(arrivals), arrivals.longestGap(pulledAt)];
  } finally {
    await pulling;
    await cut(false);
    await new Promise((resolve) => setTimeout(resolve, RECOVERY));
  }
}

/** Milliseconds until paths that were cut are in use again. */
const RECOVERY = 3_000;

function seconds({ isExact, duration }: Arrivals): number {
  if (!isExact) throw new Error("Other bytes came than were sent");
  return duration / 1_000;
}

async function table(
  links: readonly LinkOptions[],
  wanted: readonly Measure[],
  runs: number,
): Promise<string[]> {
  await using proxied = await Proxied.make(links, { hasRouters: true });
  await using stack = new AsyncDisposableStack();
  const bed: Bed = { proxied, host: await ShelfHost.start(stack, proxied, BIG) };
  await useCubic(proxied.testbed, links.length);
  const ways = [direct, ...proxyWays];
  if (await whyNoKernelMptcp() === undefined) {
    stack.defer(await startKernelMptcp(proxied.testbed, links.length));
    ways.splice(1, 0, mptcpWay);
  }
  // The programs are warm then, and the paths are open.
  for (const way of ways) await fetch(proxied, way, MEGABYTE);
  const lines = [
    row(["", ...ways.map(({ name }) => name)]),
    row(["---", ...ways.map(() => "---")]),
  ];
  for (const measure of wanted) {
    const all = ways.map((): (readonly number[])[] => []);
    // In turns, so that what else the machine does concerns all of them alike.
    for (let i = 0; i < runs; i++) {
      for (const [at, way] of ways.entries()) {
        if (measure.needsLinks && way === direct || measure.canGo?.(way) === false) continue;
        all[at]!.push(await undisturbed(bed, () => measure.run(bed, way)));
      }
    }
    for (const [at, name] of measure.names.entries()) {
      lines.push(row([name, ...all.map((figures) => medianText(figures, at))]));
      console.error(lines.at(-1));
    }
  }
  return lines;
}

/** Measures again while the machine keeps the links from being those of the bed. */
async function undisturbed(
  { proxied }: Bed,
  run: () => Promise<readonly number[]>,
): Promise<readonly number[]> {
  for (let i = 0; i < TRIALS; i++) {
    await proxied.testbed.order();
    const figures = await run().catch(failure);
    const { lateness } = await proxied.testbed.order();
    if (lateness < LATEST) return figures;
    console.error(`The links were ${lateness.toFixed(0)} ms late: measured again`);
  }
  throw new Error("The machine is too busy to be measured on");
}

/** Whether a title has all the words of the command line. */
function isWanted(title: string): boolean {
  return words.every((word) => title.includes(word));
}

function failure(error: unknown): readonly number[] {
  console.error(String(error));
  return [];
}

function medianText(figures: readonly (readonly number[])[], at: number): string {
  if (figures.length === 0) return "";
  const value = median(figures.map((all) => all[at] ?? Infinity));
  return value === Infinity ? "fails" : value < 100 ? value.toFixed(2) : value.toFixed(0);
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

const [count = "3", ...words] = Deno.args;
const runs = Number(count);
const reason = await whyNoNamespaces() ?? (hasNftables ? undefined : "nft is missing");
if (reason) {
  console.error(`Cannot measure here: ${reason}`);
  Deno.exit(1);
}
const without = await whyNoKernelMptcp();
if (without) console.log(`Without kernel MPTCP: ${without}.`);
for (const { name, missing } of fetchers) if (missing) console.log(`Without ${name}: ${missing}.`);
const knocks: Readonly<Record<string, () => Promise<readonly KnockRow[]>>> = {
  "beside bulk": () => besideBulk(),
  "beside bulk, marked after 5 ms": () => besideBulk(5),
  "over UDP": () => overUdp("earliestCompletion"),
  "over UDP, redundant": () => overUdp("redundant"),
};
for (const [name, knock] of Object.entries(knocks)) {
  if (!isWanted(name)) continue;
  console.log(`\n${name}\n`);
  for (const cells of await knock()) console.log(row(cells));
}
for (const [name, links] of Object.entries(beds)) {
  const wanted = measures.filter(({ names }) => isWanted(`${name}: ${names[0]}`));
  if (wanted.length === 0) continue;
  console.log(`\nTwo links of 20 Mbit/s, ${name}\n`);
  console.log((await table(links, wanted, runs)).join("\n"));
}
