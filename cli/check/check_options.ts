// The command line of `check`.

import { UsageError } from "../console/failure.ts";
import { type Flag, listValue, readFlags, secondsValue } from "../flags/flags.ts";
import { commonFlags } from "../flags/transport_flags.ts";
import { readTrustChoices, type TrustChoices, trustFlags } from "../flags/trust_flags.ts";
import type { Program } from "../flags/usage.ts";

/** Milliseconds that a link has to answer. */
const TIMEOUT = 3_000;

/** What `check` was asked to do. */
export interface CheckOptions extends TrustChoices {
  /** What is to be reached; undefined looks at the links only. */
  readonly url: URL | undefined;
  /** Names or beginnings of names of the links; none means all. */
  readonly interfaces: readonly string[];
  /** Milliseconds that a link has to answer. */
  readonly timeout: number;
}

const flags: readonly Flag[] = [
  {
    name: "interfaces",
    short: "n",
    value: "LIST",
    help: "links to look at: comma-separated names or beginnings of names (default: all)",
  },
  {
    name: "timeout",
    value: "SECONDS",
    help: `how long a link has to answer (default: ${TIMEOUT / 1000})`,
  },
  ...trustFlags,
  ...commonFlags.filter(({ name }) => name !== "verbose"),
];

/** What `-h` of `check` explains. */
export const checkProgram: Program = {
  name: "mpquic check",
  about: "Tells which links of this machine can be used, what keeps the others from it, and the " +
    "commands that mend it. With a URL each link is tried.",
  synopsis: "[flags] [https://HOST[:PORT]/]",
  flags,
  permissions: [
    { flag: "--allow-net", why: "to reach the server" },
    {
      flag: "--allow-read",
      why:
        "for root certificates, --cacert, --crlfile, and with --allow-ffi what the system says of its links",
    },
    { flag: "--allow-sys=networkInterfaces", why: "to list the links" },
    { flag: "--allow-env", why: "for SSL_CERT_FILE, DENO_CERT and MPQUIC_NATIVE" },
    {
      flag: "--allow-ffi",
      why: "to read the routes, and to send by the very link that is tried",
      isOptional: true,
    },
  ],
  notes: [
    "The commands are for a shell of the administrator, and last until the next start of the " +
    "machine or the link.",
    "Exit status: 0 if all links can be used, 1 if not, 2 if the command line is wrong.",
  ],
  examples: [
    ["the links of this machine", "mpquic check"],
    ["each link to a server", "mpquic check https://server.example/"],
  ],
};

/**
 * Reads the command line of `check`.
 *
 * @param args The words of it.
 * @returns What to do, or the word for a flag that only asks for information.
 */
export function readCheckOptions(args: readonly string[]): CheckOptions | "help" | "version" {
  const given = readFlags(checkProgram.name, flags, args);
  if (given.values["help"]) return "help";
  if (given.values["version"]) return "version";
  if (given.rest.length > 1) {
    throw new UsageError("Cannot check several servers at once: give one URL");
  }
  return {
    ...readTrustChoices(given),
    url: given.rest[0] === undefined ? undefined : readUrl(given.rest[0]),
    interfaces: listValue(given, "interfaces"),
    timeout: secondsValue(given, "timeout") ?? TIMEOUT,
  };
}

function readUrl(text: string): URL {
  const url = URL.parse(text.includes("://") ? text : `https://${text}/`);
  if (url?.protocol !== "https:") {
    throw new UsageError(`Cannot check "${text}": give a URL that begins with https://`);
  }
  return url;
}
