// The flags that make a server the far side of a proxy.

import type { DestinationOptions } from "../../mod.ts";
import { UsageError } from "../console/failure.ts";
import { type Flag, type FlagValues, listValue, textValue } from "./flags.ts";

/** The far side of a proxy, as it was asked for. */
export interface FarSideChoices {
  /** The file of users, lines `name:SHA-256 of the token`. */
  readonly users: string;
  /** The file of the authorities whose certificates users show; undefined for none. */
  readonly clientCa: string | undefined;
  /** Where the proxy may lead. */
  readonly destinations: DestinationOptions;
}

/** The flags of the server that make it a proxy. */
export const proxyFlags: readonly Flag[] = [
  { name: "proxy", help: "also be a gateway for mpquic proxy, with --users" },
  {
    name: "users",
    value: "FILE",
    help: "its users, read again on change: lines name:HASH with the SHA-256 of the token in hex",
  },
  { name: "proxy-allow", value: "LIST", help: "private networks to lead to, such as 10.0.0.0/8" },
  { name: "proxy-refuse", value: "LIST", help: "networks that it must not lead to" },
  { name: "proxy-self", value: "LIST", help: "further addresses of this machine" },
  { name: "proxy-udp-ports", value: "LIST", help: "abused UDP ports to allow, such as 53" },
];

/** Flags that say nothing without `--proxy`. */
const DEPENDENT = ["users", "proxy-allow", "proxy-refuse", "proxy-self", "proxy-udp-ports"];

/**
 * Reads the flags that make the server a proxy.
 *
 * @param given What stood on the command line.
 * @returns Undefined if it shall be none.
 */
export function readFarSideChoices(given: FlagValues): FarSideChoices | undefined {
  if (given.values["proxy"] !== true) {
    const alone = DEPENDENT.find((name) => given.values[name] !== undefined);
    if (alone === undefined) return undefined;
    throw new UsageError(`Cannot use --${alone} alone: give --proxy with it`);
  }
  const users = textValue(given, "users");
  if (users === undefined) {
    throw new UsageError("Cannot be a proxy for everyone: give --users FILE with --proxy");
  }
  return {
    users,
    clientCa: textValue(given, "client-ca"),
    destinations: {
      allow: listValue(given, "proxy-allow"),
      refuse: listValue(given, "proxy-refuse"),
      self: listValue(given, "proxy-self"),
      allowUdpPorts: listValue(given, "proxy-udp-ports").map(readPort),
    },
  };
}

function readPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (port >= 1 && port <= 65_535) return port;
  throw new UsageError(
    `Cannot use "${text}" for --proxy-udp-ports: give ports from 1 to 65535, with commas between`,
  );
}
