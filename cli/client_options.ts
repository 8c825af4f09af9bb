import { UsageError } from "./failure.ts";
import { type FlagValues, listValue, numberValue, readFlags, textValue } from "./flags.ts";
import {
  commonFlags,
  readTransportChoices,
  type TransportChoices,
  transportFlags,
} from "./transport_flags.ts";
import type { Program } from "./usage.ts";

/** What the client was asked to do. */
export interface ClientOptions extends TransportChoices {
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
  /** Accept any certificate. */
  readonly insecure: boolean;
  /** A file of certificates to trust. */
  readonly caCert: string | undefined;
  /** Say more. */
  readonly verbose: boolean;
}

/** What `-h` of the client explains. */
export const clientProgram: Program = {
  name: "client",
  about: "Fetches URLs over one HTTP/3 connection that uses several network paths at once.",
  synopsis: "[flags] https://HOST[:PORT]/... [more URLs]",
  flags: [
    ...transportFlags,
    {
      name: "multipath-addresses",
      short: "mip",
      value: "LIST",
      help:
        "further addresses of the server (HOST or HOST:PORT), one for each interface after the first",
    },
    {
      name: "fake-multipath",
      short: "fmp",
      help: "two paths over one interface",
    },
    {
      name: "delay",
      short: "d",
      value: "MS",
      help: "wait so many milliseconds before the second request",
    },
    {
      name: "output",
      short: "o",
      value: "FILE",
      help: 'write the body to FILE; "-" is standard output',
    },
    { name: "cacert", value: "FILE", help: "trust the certificates in FILE (PEM)" },
    { name: "insecure", help: "accept any certificate; for experiments only" },
    ...commonFlags,
  ],
  notes: [
    "Paths: the first interface of -n connects to the URL's address, the second opens a path to",
    "the first address of -mip, the third to the second, and so on. Without -mip all go to the",
    "URL's address. An HTML page is fetched with the scripts, style sheets and images it names.",
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
  const options = {
    ...readTransportChoices(given),
    urls: readUrls(given),
    delay: numberValue(given, "delay", 0, 3_600_000) ?? 0,
    fakeMultipath: given.values["fake-multipath"] === true,
    multipathAddresses: listValue(given, "multipath-addresses"),
    output: textValue(given, "output"),
    insecure: given.values["insecure"] === true,
    caCert: textValue(given, "cacert"),
    verbose: given.values["verbose"] === true,
  };
  checkTogether(options);
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

function checkTogether(options: ClientOptions): void {
  if (options.output !== undefined && options.urls.length > 1) {
    throw new UsageError("Cannot write several bodies to one file: give one URL with -o");
  }
  if (options.urls.some((url) => url.origin !== options.urls[0]!.origin)) {
    throw new UsageError(
      "Cannot fetch from several servers at once: give URLs of one host and port, and run again for others",
    );
  }
  if (options.insecure && options.caCert !== undefined) {
    throw new UsageError("Cannot both trust and ignore: give --cacert or --insecure, not both");
  }
  if (options.fakeMultipath && options.interfaces.length > 1) {
    throw new UsageError(
      "Cannot fake two paths over several interfaces: give one with -n, or no -fmp",
    );
  }
}
