// The command line of `proxy`.

import { UsageError } from "../console/failure.ts";
import { type Flag, listValue, readFlags, textValue } from "../flags/flags.ts";
import { type LiveChoices, liveFlags, readLiveChoices } from "../flags/live_flags.ts";
import {
  commonFlags,
  readTransportChoices,
  type TransportChoices,
  transportFlags,
} from "../flags/transport_flags.ts";
import { readTrustChoices, type TrustChoices, trustFlags } from "../flags/trust_flags.ts";
import type { Program } from "../flags/usage.ts";
import { isLoopback } from "../paths/interfaces.ts";

/** What `proxy` was asked to do. */
export interface ProxyChoices extends TransportChoices, TrustChoices, LiveChoices {
  /** The far side: an origin, or a URI template. */
  readonly via: string;
  /** The file with the token; undefined shows none. */
  readonly tokenFile: string | undefined;
  /** The files of our certificate and its key; undefined shows none. */
  readonly identity: { readonly cert: string; readonly key: string } | undefined;
  /** Where programs connect to. */
  readonly listen: { readonly hostname: string; readonly port: number };
  /** The name and password that programs must show. */
  readonly user: { readonly name: string; readonly password: string } | undefined;
}

const flags: readonly Flag[] = [
  {
    name: "via",
    value: "URL",
    help:
      "the gateway: https://HOST[:PORT] of a server with --proxy, or a URI template of RFC 9298",
  },
  { name: "token-file", value: "FILE", help: "the file that holds the token for the gateway" },
  { name: "cert", value: "FILE", help: "our certificate chain (PEM) for the gateway, with --key" },
  { name: "key", value: "FILE", help: "its private key (PEM), with --cert" },
  {
    name: "listen",
    value: "ADDRESS",
    help: "where programs connect to (default: 127.0.0.1:1080); port 0 for any free one",
  },
  {
    name: "user",
    short: "u",
    value: "NAME:PASSWORD",
    help: "what programs must show; needed to listen on an address that others reach",
  },
  ...trustFlags,
  ...transportFlags,
  ...liveFlags,
  ...commonFlags.filter(({ name }) => name !== "verbose"),
];

/** What `-h` of `proxy` explains. */
export const proxyProgram: Program = {
  name: "mpquic proxy",
  about: "Takes what programs of this machine send over SOCKS 5 or HTTP, and carries it over all " +
    "networks at once to a gateway, which sends it on. Programs need not know of QUIC.",
  synopsis: "--via https://HOST[:PORT] --token-file FILE [flags]",
  flags,
  permissions: [
    { flag: "--allow-net", why: "to listen, and to reach the gateway" },
    { flag: "--allow-read", why: "for the token, certificates, keys and --crlfile" },
    { flag: "--allow-sys=networkInterfaces", why: "to find the interfaces" },
    { flag: "--allow-env", why: "for SSL_CERT_FILE, DENO_CERT and MPQUIC_NATIVE" },
    {
      flag: "--allow-ffi",
      why: "to tell programs of a broken connection by a reset, on Linux",
      isOptional: true,
    },
  ],
  notes: [
    "Names are looked up by the gateway: give programs socks5h rather than socks5. SOCKS 5 carries " +
    "UDP as well (UDP ASSOCIATE); BIND does not exist. All users of this machine can use the port, " +
    "unless --user asks for a name and a password. When the connection to the gateway is lost, what " +
    "was open is reset, and a new connection is made at once. Where UDP does not get through, one " +
    "network is used, by TCP, until it does again.",
    "Exit status: 0 if stopped by an interruption, 1 if it could not run, 2 if the command line is " +
    "wrong.",
  ],
  examples: [
    [
      "over Wi-Fi and a phone",
      "mpquic proxy --via https://gateway.example --token-file ~/.mpquic-token -n wlan0,usb0",
    ],
    [
      "for other machines, too",
      "mpquic proxy --via https://gateway.example --token-file ~/.mpquic-token --listen 192.0.2.7:1080 --user anna:secret",
    ],
  ],
};

/**
 * Reads the command line of `proxy`.
 *
 * @param args The words of it.
 * @returns What to do, or the word for a flag that only asks for information.
 */
export function readProxyOptions(args: readonly string[]): ProxyChoices | "help" | "version" {
  const given = readFlags(proxyProgram.name, flags, args);
  if (given.values["help"]) return "help";
  if (given.values["version"]) return "version";
  if (given.rest.length > 0) {
    throw new UsageError(`Cannot use "${given.rest[0]}": name the gateway with --via`);
  }
  const listen = readListen(textValue(given, "listen") ?? "127.0.0.1:1080");
  const user = readUser(textValue(given, "user"));
  if (user === undefined && !isLoopback(listen.hostname)) {
    throw new UsageError(
      `Cannot listen on ${listen.hostname}: other machines would reach it; give --user NAME:PASSWORD as well, or listen on 127.0.0.1`,
    );
  }
  return {
    ...readTransportChoices(given),
    ...readTrustChoices(given),
    ...readLiveChoices(given),
    interfaces: listValue(given, "interfaces"),
    via: readGateway(textValue(given, "via")),
    tokenFile: textValue(given, "token-file"),
    identity: readIdentity(textValue(given, "cert"), textValue(given, "key")),
    listen,
    user,
  };
}

function readGateway(text: string | undefined): string {
  if (text === undefined) {
    throw new UsageError("Cannot start without a gateway: give --via https://HOST[:PORT]");
  }
  const isUrl = URL.parse(text.replaceAll(/\{[^}]*\}/g, "x"))?.protocol === "https:";
  if (isUrl) return text;
  throw new UsageError(`Cannot use "${text}" for --via: give a URL that begins with https://`);
}

function readIdentity(
  cert: string | undefined,
  key: string | undefined,
): ProxyChoices["identity"] {
  if (cert !== undefined && key !== undefined) return { cert, key };
  if (cert === undefined && key === undefined) return undefined;
  const [one, other] = key === undefined ? ["cert", "key"] : ["key", "cert"];
  throw new UsageError(`Cannot use --${one} alone: give --${other} FILE with it`);
}

function readListen(text: string): { hostname: string; port: number } {
  const [, v6, v4, digits] = /^(?:\[([\da-fA-F:.]+)\]|([\d.]+)|localhost):(\d{1,5})$/.exec(text) ??
    [];
  const port = Number(digits);
  if (digits !== undefined && port <= 65_535) return { hostname: v6 ?? v4 ?? "127.0.0.1", port };
  throw new UsageError(
    `Cannot use "${text}" for --listen: give an address and a port, such as 127.0.0.1:1080 or [::1]:1080`,
  );
}

function readUser(text: string | undefined): ProxyChoices["user"] {
  if (text === undefined) return undefined;
  const [, name, password] = /^([^:]{1,255}):(.{1,255})$/.exec(text) ?? [];
  if (name !== undefined) return { name, password: password! };
  throw new UsageError("Cannot use that for --user: give a name and a password, as NAME:PASSWORD");
}
