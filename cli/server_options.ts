import { type KeyPairFiles, keyPairIn } from "./certificate.ts";
import { UsageError } from "./failure.ts";
import { type FlagValues, numberValue, readFlags, textValue } from "./flags.ts";
import { fieldValues } from "./http_fields.ts";
import { type LimitChoices, limitFlags, readLimitChoices } from "./limit_flags.ts";
import { type LogChoices, logFlags, readLogChoices } from "./log_flags.ts";
import type { ResponseFields } from "./response_fields.ts";
import {
  commonFlags,
  readTransportChoices,
  type TransportChoices,
  transportFlags,
} from "./transport_flags.ts";
import type { Program } from "./usage.ts";

/** What the server was asked to do. */
export interface ServerOptions extends TransportChoices, LimitChoices, LogChoices, ResponseFields {
  /** The files of the certificate; none means a development certificate. */
  readonly keyPair: KeyPairFiles | undefined;
  /** The folder whose files are served. */
  readonly www: string;
  /** Whether folders without an index.html show what is in them. */
  readonly listing: boolean;
  /** Whether names that begin with a dot are served. */
  readonly dotfiles: boolean;
  /** The name or address to listen on, instead of interfaces. */
  readonly host: string | undefined;
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
  synopsis: "[flags] [DIR]",
  flags: [
    { name: "www", value: "DIR", help: "the folder to serve (this one if left out)" },
    {
      name: "host",
      value: "HOST",
      help: "the name or address to listen on (every interface if left out)",
    },
    {
      name: "port",
      short: "p",
      value: "PORT",
      help: "UDP port to listen on (6121 if left out, 0 for any free one)",
    },
    {
      name: "cert-path",
      short: "certpath",
      value: "DIR",
      help: "the folder with fullchain.pem and privkey.pem",
    },
    { name: "cert", value: "FILE", help: "the certificate chain (PEM), with --key" },
    { name: "key", value: "FILE", help: "its private key (PEM), with --cert" },
    { name: "tcp", help: "also HTTPS over TCP on the same port, pointing to HTTP/3" },
    { name: "cors", help: "let pages of other origins read the files" },
    {
      name: "header",
      short: "H",
      value: "FIELD",
      isRepeatable: true,
      help: 'send a header field with all answers, written "name: value"; may be repeated',
    },
    { name: "no-dir-listing", help: "do not show what is in folders without an index.html" },
    { name: "dotfiles", help: "serve files and folders whose names begin with a dot, too" },
    { name: "no-dotfiles", help: "do not, which is so anyway" },
    ...limitFlags,
    ...transportFlags,
    ...logFlags,
    ...commonFlags,
  ],
  permissions: [
    { flag: "--allow-net", why: "to listen" },
    { flag: "--allow-read", why: "for the folder and the certificate" },
    {
      flag: "--allow-sys=networkInterfaces",
      why: "to listen on each interface, and know its name",
    },
    { flag: "--allow-env", why: "for QLOGDIR and SSLKEYLOGFILE" },
    { flag: "--allow-write", why: "for --qlog and --key-log", isOptional: true },
  ],
  notes: [
    "Without a certificate it makes one for development and prints how to use it. Certificate files",
    "that change are taken over while it runs. Interrupt it to stop it: answers under way get five",
    "seconds to be finished.",
    "",
    "Exit status: 0 stopped by an interruption, 1 it could not run, 2 the command line is wrong.",
  ],
  examples: [
    ["this folder, with a development certificate", "server ."],
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
  const transport = readTransportChoices(given);
  const host = textValue(given, "host");
  if (host !== undefined && transport.interfaces.length > 0) {
    throw new UsageError("Cannot listen on both: give --host, or interfaces with -n, not both");
  }
  return {
    ...transport,
    ...readLimitChoices(given),
    ...readLogChoices(given),
    cors: given.values["cors"] === true,
    headers: fieldValues(given),
    keyPair: readKeyPairFiles(given),
    www: readFolder(given),
    listing: given.values["no-dir-listing"] !== true,
    dotfiles: readDotfiles(given),
    host,
    tcp: given.values["tcp"] === true,
    port: numberValue(given, "port", 0, 65535) ?? 6121,
    verbose: given.values["verbose"] === true,
  };
}

/** The folder is named by itself, as with other file servers, or as in 2018. */
function readFolder(given: FlagValues): string {
  const flag = textValue(given, "www");
  const named = flag === undefined ? given.rest : [flag, ...given.rest];
  if (named.length <= 1) return named[0] ?? ".";
  throw new UsageError(`Cannot serve ${named.join(" and ")}: name one folder`);
}

function readKeyPairFiles(given: FlagValues): KeyPairFiles | undefined {
  const [directory, cert, key] = ["cert-path", "cert", "key"].map((name) => textValue(given, name));
  if (directory !== undefined && (cert ?? key) !== undefined) {
    throw new UsageError("Cannot use two certificates: give -certpath, or --cert and --key");
  }
  if (directory !== undefined) return keyPairIn(directory);
  if (cert !== undefined && key !== undefined) return { cert, key };
  if (cert === undefined && key === undefined) return undefined;
  const [one, other] = key === undefined ? ["cert", "key"] : ["key", "cert"];
  throw new UsageError(`Cannot use --${one} alone: give --${other} FILE with it`);
}

function readDotfiles(given: FlagValues): boolean {
  const [wanted, unwanted] = ["dotfiles", "no-dotfiles"].map((name) => given.values[name] === true);
  if (wanted && unwanted) {
    throw new UsageError("Cannot both serve and hide: give --dotfiles or --no-dotfiles, not both");
  }
  return wanted!;
}
