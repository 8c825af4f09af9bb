// The command line of the server.

import { type KeyPairFiles, keyPairIn } from "./certificate.ts";
import { UsageError } from "../console/failure.ts";
import { type Flag, type FlagValues, numberValue, readFlags, textValue } from "../flags/flags.ts";
import { fieldValues } from "../flags/http_fields.ts";
import { type FleetChoices, fleetFlags, readFleetChoices } from "../flags/fleet_flags.ts";
import { type LimitChoices, limitFlags, readLimitChoices } from "../flags/limit_flags.ts";
import { type LiveChoices, liveFlags, readLiveChoices } from "../flags/live_flags.ts";
import { type LogChoices, logFlags, readLogChoices } from "../flags/log_flags.ts";
import { readServiceChoices, type ServiceChoices, serviceFlags } from "../flags/service_flags.ts";
import { type FarSideChoices, proxyFlags, readFarSideChoices } from "../flags/proxy_flags.ts";
import type { ResponseFields } from "../files/response_fields.ts";
import {
  commonFlags,
  readTransportChoices,
  type TransportChoices,
  transportFlags,
} from "../flags/transport_flags.ts";
import { readSiteChoices, type SiteChoices, siteFlags } from "../flags/site_flags.ts";
import { readUploadChoices, type UploadChoices, uploadFlags } from "../flags/upload_flags.ts";
import type { Program } from "../flags/usage.ts";

/** What the server was asked to do. */
export interface ServerOptions
  extends
    TransportChoices,
    LimitChoices,
    LiveChoices,
    LogChoices,
    FleetChoices,
    ServiceChoices,
    UploadChoices,
    SiteChoices,
    ResponseFields {
  /** The files of certificates, the first for unknown names; none means a development certificate. */
  readonly keyPairs: readonly KeyPairFiles[];
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
  /** Be a proxy as well; undefined for none. */
  readonly proxy: FarSideChoices | undefined;
  /** Say more. */
  readonly verbose: boolean;
}

/** What `-h` of the server explains. */
export const serverProgram: Program = {
  name: "server",
  about: "Serves the files of a folder over HTTP/3, to clients that use one path or several.",
  synopsis: "[flags] [DIR]",
  flags: [
    ...underHeading("What is served", siteFlags),
    { name: "cors", help: "let pages of other origins read the files" },
    {
      name: "header",
      short: "H",
      value: "FIELD",
      isRepeatable: true,
      help: 'send a header field with all answers, written "name: value"; may be repeated',
    },
    { name: "no-dir-listing", help: "do not list folders that have no index.html" },
    { name: "dotfiles", help: "also serve files and folders whose names begin with a dot" },
    { name: "no-dotfiles", help: "hide files and folders whose names begin with a dot (default)" },
    {
      name: "host",
      group: "Where, and with which certificates",
      value: "HOST",
      help: "the name or address to listen on (default: every interface)",
    },
    {
      name: "port",
      short: "p",
      value: "PORT",
      help: "UDP port to listen on; 0 for any free one (default: 6121)",
    },
    {
      name: "cert-path",
      short: "certpath",
      value: "DIR",
      isRepeatable: true,
      help:
        "the folder with fullchain.pem and privkey.pem; may be repeated, the first one is for " +
        "clients that ask for no name or an unknown one",
    },
    {
      name: "cert",
      value: "FILE",
      isRepeatable: true,
      help: "the certificate chain (PEM), with --key; may be repeated as well",
    },
    { name: "key", value: "FILE", isRepeatable: true, help: "its private key (PEM), with --cert" },
    { name: "tcp", help: "also serve HTTPS over TCP on the same port, with Alt-Svc for HTTP/3" },
    ...underHeading("Uploads", uploadFlags),
    ...underHeading("Limits", limitFlags),
    ...underHeading("Logs, metrics and the end", serviceFlags),
    ...underHeading("Several threads and servers", fleetFlags),
    ...underHeading("Proxy", proxyFlags),
    ...underHeading("Transport", transportFlags),
    ...underHeading("Traces, live view, this program", logFlags),
    ...liveFlags,
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
    { flag: "--allow-ffi", why: "for --workers, and faster sockets", isOptional: true },
    {
      flag: "--allow-write",
      why: "for --allow-upload, --access-log, --qlog, --key-log and --secret-file",
      isOptional: true,
    },
  ],
  notes: [
    "Without a certificate, the server generates a self-signed one for development and prints how " +
    "to use it. Certificate files that change are loaded again, at once after SIGHUP, which also " +
    "opens the access log again. An interruption stops the server: answers under way get the time " +
    "of --drain to finish.",
    "Exit status: 0 if stopped by an interruption, 1 if it could not run, 2 if the command line is " +
    "wrong.",
  ],
  examples: [
    ["this folder, with a development certificate", "server ."],
    [
      "on two interfaces, for browsers too",
      "server -n eth0,wlan0 -certpath /etc/letsencrypt/live/server.example -tcp -port 443 -www /var/www",
    ],
  ],
};

/** The flags under a heading of the help. */
function underHeading(group: string, [first, ...others]: readonly Flag[]): readonly Flag[] {
  return [{ ...first!, group }, ...others];
}

/**
 * Reads the server's command line.
 *
 * @param args The words of it.
 * @param name What users call the program.
 * @returns What to do, or the word for a flag that only asks for information.
 */
export function readServerOptions(
  args: readonly string[],
  name: string = serverProgram.name,
): ServerOptions | "help" | "version" {
  const given = readFlags(name, serverProgram.flags, args);
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
    ...readFleetChoices(given),
    ...readLiveChoices(given),
    ...readLogChoices(given),
    ...readServiceChoices(given),
    ...readUploadChoices(given),
    ...readSiteChoices(given),
    cors: given.values["cors"] === true,
    headers: fieldValues(given),
    keyPairs: readKeyPairFiles(given),
    listing: given.values["no-dir-listing"] !== true,
    dotfiles: readDotfiles(given),
    host,
    tcp: given.values["tcp"] === true,
    port: numberValue(given, "port", 0, 65535) ?? 6121,
    proxy: readFarSideChoices(given),
    verbose: given.values["verbose"] === true,
  };
}

/** The certificates in the order in which they were given; a file of a pair may stand before the other. */
function readKeyPairFiles({ order }: FlagValues): readonly KeyPairFiles[] {
  const pairs: KeyPairFiles[] = [];
  let half: Partial<KeyPairFiles> = {};
  for (const [name, value = ""] of order) {
    if (name === "cert-path") pairs.push(keyPairIn(value));
    if (name !== "cert" && name !== "key") continue;
    if (half[name] !== undefined) throw halfPair(name);
    half = { ...half, [name]: value };
    if (half.cert === undefined || half.key === undefined) continue;
    pairs.push({ cert: half.cert, key: half.key });
    half = {};
  }
  if (half.cert !== undefined) throw halfPair("cert");
  if (half.key !== undefined) throw halfPair("key");
  return pairs;
}

function halfPair(one: "cert" | "key"): UsageError {
  const other = one === "cert" ? "key" : "cert";
  return new UsageError(`Cannot use --${one} alone: give --${other} FILE with it`);
}

function readDotfiles(given: FlagValues): boolean {
  const [wanted, unwanted] = ["dotfiles", "no-dotfiles"].map((name) => given.values[name] === true);
  if (wanted && unwanted) {
    throw new UsageError("Cannot both serve and hide: give --dotfiles or --no-dotfiles, not both");
  }
  return wanted!;
}
