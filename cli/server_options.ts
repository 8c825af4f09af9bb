import { UsageError } from "./failure.ts";
import { numberValue, readFlags, textValue } from "./flags.ts";
import {
  commonFlags,
  readTransportChoices,
  type TransportChoices,
  transportFlags,
} from "./transport_flags.ts";
import type { Program } from "./usage.ts";

/** What the server was asked to do. */
export interface ServerOptions extends TransportChoices {
  /** The folder with fullchain.pem and privkey.pem; none means a development certificate. */
  readonly certPath: string | undefined;
  /** The folder whose files are served. */
  readonly www: string;
  /** Also HTTPS over TCP on the same port number. */
  readonly tcp: boolean;
  /** The UDP port, and with `tcp` the TCP port. */
  readonly port: number;
  /** Say more. */
  readonly verbose: boolean;
}

/** What `-h` of the server explains. */
export const serverProgram: Program = {
  name: "server",
  about: "Serves the files of a folder over HTTP/3, to clients that use one path or several.",
  synopsis: "[flags]",
  flags: [
    { name: "www", value: "DIR", help: "the folder to serve (this one if left out)" },
    {
      name: "port",
      value: "PORT",
      help: "UDP port to listen on (6121 if left out, 0 for any free one)",
    },
    {
      name: "cert-path",
      short: "certpath",
      value: "DIR",
      help: "the folder with fullchain.pem and privkey.pem",
    },
    { name: "tcp", help: "also HTTPS over TCP on the same port, pointing to HTTP/3" },
    ...transportFlags,
    ...commonFlags,
  ],
  notes: [
    "Without -certpath it makes a certificate for development and prints how to use it.",
    "Without -n it listens on every interface. Files whose name begins with a dot are not served.",
  ],
  examples: [
    ["this folder, with a development certificate", "server -www ."],
    [
      "on two interfaces, for browsers too",
      "server -certpath /etc/letsencrypt/live/server.example -www /var/www -n eth0,wlan0 -tcp -port 443",
    ],
  ],
};

/**
 * Reads the server's command line.
 *
 * @param args The words of it.
 * @returns What to do, or the word for a flag that only asks for information.
 */
export function readServerOptions(args: readonly string[]): ServerOptions | "help" | "version" {
  const given = readFlags(serverProgram.name, serverProgram.flags, args);
  if (given.values["help"]) return "help";
  if (given.values["version"]) return "version";
  if (given.rest.length > 0) {
    throw new UsageError(
      `Cannot use "${given.rest[0]}": the server takes flags only; name the folder with -www`,
    );
  }
  return {
    ...readTransportChoices(given),
    certPath: textValue(given, "cert-path"),
    www: textValue(given, "www") ?? ".",
    tcp: given.values["tcp"] === true,
    port: numberValue(given, "port", 0, 65535) ?? 6121,
    verbose: given.values["verbose"] === true,
  };
}
