// The command line of the client.

import type { CarrierChoices } from "./carrier_choices.ts";
import { UsageError } from "../console/failure.ts";
import {
  type FlagValues,
  listValue,
  numberValue,
  readFlags,
  secondsValue,
  textValue,
} from "../flags/flags.ts";
import { logFlags, readLogChoices } from "../flags/log_flags.ts";
import { readRequestChoices, type RequestChoices, requestFlags } from "../flags/request_flags.ts";
import { commonFlags, readTransportChoices, transportFlags } from "../flags/transport_flags.ts";
import { readTrustChoices, trustFlags } from "../flags/trust_flags.ts";
import type { Program } from "../flags/usage.ts";

/** Milliseconds to wait for UDP before TCP is used. */
export const FALLBACK_DELAY = 3000;

/** What the client was asked to do. */
export interface ClientOptions extends CarrierChoices, RequestChoices {
  /** What to fetch, in this order. */
  readonly urls: readonly URL[];
  /** Milliseconds that the second request waits. */
  readonly delay: number;
  /** Use one interface for two paths. */
  readonly fakeMultipath: boolean;
  /** Further addresses of the server, one for each interface after the first. */
  readonly multipathAddresses: readonly string[];
  /** Where the body goes; "-" is standard output. */
  readonly output: string | undefined;
  /** Milliseconds that everything may take. */
  readonly maxTime: number | undefined;
  /** Say more. */
  readonly verbose: boolean;
  /** Say nothing but errors. */
  readonly silent: boolean;
}

/** What `-h` of the client explains. */
export const clientProgram: Program = {
  name: "client",
  about: "Fetches URLs over one HTTP/3 connection that uses several network paths at once.",
  synopsis: "[flags] https://HOST[:PORT]/... [more URLs]",
  flags: [
    ...requestFlags,
    {
      name: "output",
      short: "o",
      value: "FILE",
      help: 'write the body to FILE, or to standard output for "-" (default: drop it)',
    },
    ...trustFlags,
    {
      name: "max-time",
      short: "m",
      value: "SECONDS",
      help: "maximum time for all requests together",
    },
    {
      name: "connect-timeout",
      value: "SECONDS",
      help: "maximum time to connect (default: 10)",
    },
    {
      name: "tcp-fallback",
      help: "use TCP (HTTP/2 or 1.1) if UDP does not get through, and say so",
    },
    {
      name: "fallback-delay",
      value: "MS",
      help: `milliseconds to wait for UDP before TCP is tried (default: ${FALLBACK_DELAY})`,
    },
    {
      name: "delay",
      short: "d",
      value: "MS",
      help: "milliseconds before the second request and those after it",
    },
    ...transportFlags,
    {
      name: "multipath-addresses",
      short: "mip",
      value: "LIST",
      help: "further addresses of the server (HOST or HOST:PORT), comma-separated: one for each " +
        "interface after the first",
    },
    {
      name: "fake-multipath",
      short: "fmp",
      help: "two paths over one interface",
    },
    ...logFlags,
    { name: "silent", short: "s", help: "print errors only, neither progress nor summary" },
    ...commonFlags,
  ],
  permissions: [
    { flag: "--allow-net", why: "to reach servers" },
    {
      flag: "--allow-read",
      why: "for --cacert, --crlfile, files to send, and the root certificates of the system",
    },
    { flag: "--allow-write", why: "for -o, --qlog and --key-log" },
    {
      flag: "--allow-sys=networkInterfaces",
      why: "to use all interfaces, and to know their names",
    },
    { flag: "--allow-env", why: "for SSL_CERT_FILE, DENO_CERT, QLOGDIR and SSLKEYLOGFILE" },
    {
      flag: "--allow-sys",
      why: "for the root certificates of the runtime, on systems without a file of them",
      isOptional: true,
    },
  ],
  notes: [
    "Paths: one for each interface of -n, whatever addresses it has and gets. The first leads to " +
    "the URL's address, the second to the first address of -mip, the third to the second, and so " +
    "on. Without -mip all paths lead to the URL's address, or to others that the server names. The " +
    "path that is answered first carries the handshake. Changes of paths are printed on standard " +
    "error, unless -s is given.",
    "An HTML page is fetched together with the scripts, style sheets and images that it names. " +
    "Redirects to the same server are followed.",
    "Exit status: 0 if all was fetched, 1 if something was not, 2 if the command line is wrong, 130 " +
    "if interrupted.",
  ],
  examples: [
    [
      "a file over two interfaces to the two addresses of a server",
      "client -n eth0,wlan0 -mip 192.0.2.7 -o film.mp4 https://server.example:6121/film.mp4",
    ],
    [
      "two paths on one machine, to a server with a development certificate",
      "client --insecure -fmp https://localhost:6121/",
    ],
    [
      "a request of your own, its answer with status and fields",
      "client -i -H accept:text/plain --data name=value https://server.example/form",
    ],
    [
      "over TCP where UDP is blocked",
      "client --tcp-fallback -o film.mp4 https://server.example/film.mp4",
    ],
  ],
};

/**
 * Reads the client's command line.
 *
 * @param args The words of it.
 * @returns What to do, or the word for a flag that only asks for information.
 */
export function readClientOptions(args: readonly string[]): ClientOptions | "help" | "version" {
  const given = readFlags(clientProgram.name, clientProgram.flags, args);
  if (given.values["help"]) return "help";
  if (given.values["version"]) return "version";
  const request = readRequestChoices(given);
  const options = {
    ...readTransportChoices(given),
    ...readTrustChoices(given),
    ...request,
    ...readLogChoices(given),
    urls: readUrls(given),
    delay: readDelay(given),
    maxTime: secondsValue(given, "max-time"),
    connectTimeout: secondsValue(given, "connect-timeout"),
    tcpFallback: given.values["tcp-fallback"] === true,
    fallbackDelay: numberValue(given, "fallback-delay", 1, 3_600_000) ?? FALLBACK_DELAY,
    fakeMultipath: given.values["fake-multipath"] === true,
    multipathAddresses: listValue(given, "multipath-addresses"),
    output: textValue(given, "output") ?? (request.include ? "-" : undefined),
    verbose: given.values["verbose"] === true,
    silent: given.values["silent"] === true,
  };
  checkTogether(options, given);
  return options;
}

function readUrls(given: FlagValues): URL[] {
  if (given.rest.length === 0) {
    throw new UsageError(
      "Cannot start without a URL: give one such as https://localhost:6121/, or see client -h",
    );
  }
  return given.rest.map(readUrl);
}

function readUrl(text: string): URL {
  const url = URL.parse(text);
  if (url?.protocol !== "https:") {
    throw new UsageError(`Cannot fetch "${text}": give a URL that begins with https://`);
  }
  if (url.username || url.password) {
    throw new UsageError(`Cannot fetch ${url.host}: leave user name and password out of the URL`);
  }
  return url;
}

/** In curl the letter has another meaning. */
function readDelay(given: FlagValues): number {
  const text = textValue(given, "delay");
  if (text !== undefined && !/^\d+$/.test(text)) {
    throw new UsageError(
      `Cannot use "${text}" for -d: it is a delay in milliseconds; --data sends a body`,
    );
  }
  return numberValue(given, "delay", 0, 3_600_000) ?? 0;
}

function checkTogether(options: ClientOptions, given: FlagValues): void {
  if (options.output !== undefined && options.urls.length > 1) {
    const flag = textValue(given, "output") === undefined ? "--include or --head" : "-o";
    throw new UsageError(`Cannot write several answers to one place: give one URL with ${flag}`);
  }
  if (textValue(given, "fallback-delay") !== undefined && !options.tcpFallback) {
    throw new UsageError("Cannot use --fallback-delay alone: give --tcp-fallback with it");
  }
  if (options.insecure && options.tcpFallback) {
    throw new UsageError(
      "Cannot use --insecure over TCP, where the runtime checks certificates: name their authority with --cacert, or leave --tcp-fallback out",
    );
  }
  if (options.urls.some((url) => url.origin !== options.urls[0]!.origin)) {
    throw new UsageError(
      "Cannot fetch from several servers at once: give URLs of one host and port, and run again for others",
    );
  }
  if (options.fakeMultipath && options.interfaces.length > 1) {
    throw new UsageError(
      "Cannot fake two paths over several interfaces: give one with -n, or no -fmp",
    );
  }
}
