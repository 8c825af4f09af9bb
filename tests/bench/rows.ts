// The rows of the table: which load they put on which stacks.

import type { Outcome } from "./processes.ts";
import type { StackName } from "./stack.ts";

const MEGABYTE = 1_000_000;

/** Those that are measured in every row. */
const MAIN: readonly StackName[] = ["runtime", "mpquic", "two paths", "portable"];
/** Those of transfers, which the size of datagrams matters to. */
const SIZES: readonly StackName[] = [...MAIN, "ethernet", "portable ethernet"];
/** All of them. */
export const STACKS: readonly StackName[] = [...SIZES, "node:crypto", "noble"];

/** One load, and what of it is told. */
export interface Measure {
  /** What `--rows` knows it by. */
  readonly name: string;
  readonly title: string;
  readonly load: string;
  readonly stacks: readonly StackName[];
  /** Whether it is measured with `--long` only. */
  readonly isLong: boolean;
  /** Bytes or seconds. */
  amount(stack: StackName): number;
  /** The rate that is told. */
  rate(outcome: Outcome): number;
  /** In what processor time is told, and how many of it are a second per byte or request. */
  readonly costUnit: string;
  readonly costScale: number;
}

/**
 * All rows. Processes are new for each run, so that short loads are cold: most of what they take is
 * V8's compiling. Long ones tell what it comes to.
 */
export const MEASURES: readonly Measure[] = [
  transfer("bulk", "one stream", (stack) => stack === "noble" ? 50 : 300, STACKS),
  transfer("upload", "one stream upwards", () => 300),
  requests("requests", "requests for 1 kB, one at a time", "requests", 3),
  requests("requests32", "requests for 1 kB, 32 at a time", "requests32", 2),
  requests("connections", "new connections, one at a time", "connections", 2),
  { ...transfer("bulk-long", "one stream", () => 1_500), isLong: true },
  { ...transfer("upload-long", "one stream upwards", () => 1_500), isLong: true },
  {
    ...requests("requests-long", "requests for 1 kB, one at a time", "requests", 10),
    isLong: true,
  },
  {
    ...requests("requests32-long", "requests for 1 kB, 32 at a time", "requests32", 10),
    isLong: true,
  },
  {
    ...requests("connections-long", "new connections, one at a time", "connections", 10),
    isLong: true,
  },
];

function transfer(
  name: string,
  what: string,
  megabytes: (stack: StackName) => number,
  stacks = SIZES,
): Measure {
  const note = stacks === STACKS ? `, noble ${megabytes("noble")} MB` : "";
  return {
    name,
    title: `${what} of ${megabytes("mpquic")} MB${note}, Mbit/s`,
    load: name.startsWith("upload") ? "upload" : "bulk",
    stacks,
    isLong: false,
    amount: (stack) => megabytes(stack) * MEGABYTE,
    rate: ({ count, seconds }) => 8 * count / seconds / MEGABYTE,
    costUnit: "ns a byte",
    costScale: 1e9,
  };
}

function requests(name: string, what: string, load: string, seconds: number): Measure {
  return {
    name,
    title: `${what} for ${seconds} s, per second`,
    load,
    stacks: MAIN,
    isLong: false,
    amount: () => seconds,
    rate: (outcome) => outcome.count / outcome.seconds,
    costUnit: "µs each",
    costScale: 1e6,
  };
}
