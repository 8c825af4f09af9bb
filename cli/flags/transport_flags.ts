// The flags that choose schedulers, congestion control and windows.

import {
  type NamedReinjection,
  type NamedScheduler,
  reinjectionPolicies,
  schedulers,
} from "../../mod.ts";
import { UsageError } from "../console/failure.ts";
import {
  choiceValue,
  type Flag,
  type FlagValues,
  listValue,
  numberValue,
  textValues,
} from "./flags.ts";

/** Which stream is served first. */
export type StreamOrderName = "roundRobin" | "priority" | "strictPriority" | "urgency";

/** How fast a path is filled. */
export type CongestionName = "cubic" | "newReno" | "bbr" | "auto" | "lia" | "olia" | "balia";

/** What both programs let their users choose about the transport. */
export interface TransportChoices {
  /** Which path a packet leaves on; undefined leaves it to the library. */
  readonly scheduler: NamedScheduler["scheduler"] | undefined;
  /** What is sent on two paths; undefined leaves it to the library. */
  readonly reinjection: NamedReinjection["policy"] | undefined;
  /** Which stream is served first; undefined leaves it to the library. */
  readonly streamOrder: StreamOrderName | undefined;
  /** How fast a path is filled; undefined leaves it to the library. */
  readonly congestionControl: CongestionName | undefined;
  /** The congestion window of a new path, in packets. */
  readonly initialCongestionWindow: number | undefined;
  /** The flow control window a connection begins with, in bytes. */
  readonly initialReceiveWindow: number | undefined;
  /** Names, prefixes or addresses of the interfaces to use. */
  readonly interfaces: readonly string[];
}

/** By each of their names, the short ones first. */
const namedSchedulers: Readonly<Record<string, NamedScheduler["scheduler"]>> = Object.fromEntries([
  ...schedulers.map(({ name, aliases, scheduler }) => [aliases[0] ?? name, scheduler]),
  ...schedulers.flatMap(({ name, aliases, scheduler }) =>
    [...aliases, name].map((word) => [word, scheduler])
  ),
]);

/** What the help says of the schedulers: the short name of each and what it does. */
const schedulerHelp = schedulers.map(({ name, aliases, help }, i) =>
  `${aliases[0] ?? name} (${help}${i === 0 ? "; default" : ""})`
).join(", ");

const namedReinjections: Readonly<Record<string, NamedReinjection["policy"]>> = Object.fromEntries(
  reinjectionPolicies.map(({ name, policy }) => [name, policy]),
);

/** What the help says of the policies of reinjection. */
const reinjectionHelp = reinjectionPolicies.map(({ name, help }, i) =>
  `${name} (${help}${i === 0 ? "; default" : ""})`
).join(", ");

const streamOrders: Readonly<Record<string, StreamOrderName>> = {
  rr: "roundRobin",
  prio: "priority",
  sprio: "strictPriority",
  urgency: "urgency",
  roundRobin: "roundRobin",
  priority: "priority",
  strictPriority: "strictPriority",
};

const congestionControls: Readonly<Record<string, CongestionName>> = {
  cubic: "cubic",
  reno: "newReno",
  newReno: "newReno",
  bbr: "bbr",
  auto: "auto",
  lia: "lia",
  olia: "olia",
  balia: "balia",
};

/** The flags that both programs know. */
export const transportFlags: readonly Flag[] = [
  {
    name: "interfaces",
    short: "n",
    value: "LIST",
    help: "interfaces to use: comma-separated names, prefixes of names, or addresses",
  },
  {
    name: "local-address",
    value: "ADDRESS",
    isRepeatable: true,
    help: "an interface as for -n; may be repeated",
  },
  {
    name: "scheduler",
    short: "sc",
    value: "NAME",
    help: `how the path of each packet is chosen: ${schedulerHelp}`,
  },
  {
    name: "reinjection",
    value: "NAME",
    help: `what is sent on two paths: ${reinjectionHelp}`,
  },
  {
    name: "stream-scheduler",
    short: "ssc",
    value: "NAME",
    help:
      "how the streams share a path: rr (in turn), prio (shares by priority), sprio (highest first), " +
      "urgency (as HTTP asks)",
  },
  {
    name: "congestion-control",
    short: "cc",
    value: "NAME",
    help: "how fast each path is filled: cubic (default), reno, bbr, auto (coupled at a shared " +
      "bottleneck), lia, olia, balia",
  },
  {
    name: "initial-window",
    short: "c",
    value: "PACKETS",
    help: "congestion window of a new path, in packets",
  },
  {
    name: "flow-window",
    short: "f",
    value: "KB",
    help: "first flow control window, in kB of 1,024 bytes; it grows by itself",
  },
];

/** The flags that end every list. */
export const commonFlags: readonly Flag[] = [
  { name: "verbose", short: "v", help: "print more about what happens" },
  { name: "help", short: "h", help: "print this help" },
  { name: "version", short: "V", help: "print the version" },
];

/**
 * Reads the flags that both programs know.
 *
 * @param given What stood on the command line.
 */
export function readTransportChoices(given: FlagValues): TransportChoices {
  const kilobytes = numberValue(given, "flow-window", 16, 1_048_576);
  return {
    scheduler: choiceValue(given, "scheduler", namedSchedulers),
    reinjection: choiceValue(given, "reinjection", namedReinjections),
    streamOrder: choiceValue(given, "stream-scheduler", streamOrders),
    congestionControl: choiceValue(given, "congestion-control", congestionControls),
    initialCongestionWindow: numberValue(given, "initial-window", 2, 100_000),
    initialReceiveWindow: kilobytes === undefined ? undefined : kilobytes * 1024,
    interfaces: [...listValue(given, "interfaces"), ...readLocalAddresses(given)],
  };
}

function readLocalAddresses(given: FlagValues): readonly string[] {
  const addresses = textValues(given, "local-address");
  if (!addresses.includes("")) return addresses;
  throw new UsageError('Cannot use "" for --local-address: give an address or an interface');
}
