// The flags of the command get: those of curl, and those about paths.

import type { Flag } from "../flags/flags.ts";
import { liveFlags } from "../flags/live_flags.ts";
import { logFlags } from "../flags/log_flags.ts";
import { commonFlags, transportFlags } from "../flags/transport_flags.ts";
import { trustFlags } from "../flags/trust_flags.ts";

/** The flags of data, which are joined into one body, or one query. */
export const dataFlags: readonly string[] = [
  "data",
  "data-raw",
  "data-binary",
  "data-urlencode",
  "json",
];

const output: readonly Flag[] = [
  {
    name: "output",
    short: "o",
    value: "FILE",
    isRepeatable: true,
    help:
      'write to FILE instead of standard output ("-"); the second one is for the second URL, and so ' +
      "on; #1 in it is what the first braces or brackets of the URL stand for",
    group: "What is written",
  },
  {
    name: "remote-name",
    short: "O",
    isRepeatable: true,
    help: "write to a file of the name that the URL ends with; once for each URL, as -o",
  },
  { name: "remote-name-all", help: "as -O for every URL that has no -o" },
  {
    name: "remote-header-name",
    short: "J",
    help: "with -O: the name that the server gives, if it gives one and no file has it yet",
  },
  { name: "output-dir", value: "DIR", help: "the folder for the files of -o and -O" },
  { name: "create-dirs", help: "make folders that are missing" },
  {
    name: "continue-at",
    short: "C",
    value: "OFFSET",
    help: 'go on at this byte; "-" goes on with what is there, if it is of the same version',
  },
  {
    name: "time-cond",
    short: "z",
    value: "DATE",
    help:
      "fetch only what is newer than DATE, or than the file of that name; older if - is before it",
  },
  { name: "remote-time", short: "R", help: "give files the date that they have at the server" },
  {
    name: "checksum",
    value: "SHA-256",
    help: "keep the file only if it has this checksum, written sha256:HEX (or sha512, sha1, md5)",
  },
  { name: "include", short: "i", help: "write status and header fields before the body" },
  { name: "head", short: "I", help: "request and write only status and header fields" },
  {
    name: "dump-header",
    short: "D",
    value: "FILE",
    help: 'write status and header fields to FILE, or "-"',
  },
  {
    name: "write-out",
    short: "w",
    value: "FORMAT",
    help:
      "print this after each transfer, with variables such as %{http_code} and %{size_download}",
  },
];

const request: readonly Flag[] = [
  {
    name: "url",
    value: "URL",
    isRepeatable: true,
    help: "what to fetch, as without the flag; {a,b}, [1-9] and [a-z:2] stand for several",
    group: "What is asked for",
  },
  { name: "globoff", short: "g", help: "take {a,b} and [1-9] in URLs as they are" },
  {
    name: "request",
    short: "X",
    value: "METHOD",
    help: "the method, also of requests that follow redirects",
  },
  {
    name: "header",
    short: "H",
    value: "FIELD",
    isRepeatable: true,
    help: 'send a header field "name: value"; "name:" takes it away; @FILE reads fields',
  },
  {
    name: "data",
    short: "d",
    value: "TEXT",
    isRepeatable: true,
    help: "POST this; @FILE reads a file without its line ends; several are joined by &",
  },
  {
    name: "data-binary",
    value: "TEXT",
    isRepeatable: true,
    help: "POST this; @FILE is sent as it is",
  },
  { name: "data-raw", value: "TEXT", isRepeatable: true, help: "POST this, with any @ as it is" },
  {
    name: "data-urlencode",
    value: "TEXT",
    isRepeatable: true,
    help: "POST this percent-encoded, written TEXT, =TEXT, NAME=TEXT, @FILE or NAME@FILE",
  },
  {
    name: "json",
    value: "TEXT",
    isRepeatable: true,
    help: "POST this as JSON, and accept JSON",
  },
  { name: "get", short: "G", help: "put what -d gives into the URL instead" },
  {
    name: "form",
    short: "F",
    value: "PART",
    isRepeatable: true,
    help: "POST a part of a form: NAME=TEXT, NAME=@FILE or NAME=<FILE, with ;type= and ;filename=",
  },
  {
    name: "form-string",
    value: "PART",
    isRepeatable: true,
    help: "POST NAME=TEXT as a part of a form, as it is",
  },
  {
    name: "upload-file",
    short: "T",
    value: "FILE",
    isRepeatable: true,
    help: 'PUT this file; "-" is standard input; a URL that ends with / gets the name of the file',
  },
  { name: "range", value: "RANGE", help: "only these bytes, such as 0-499 or -500" },
  { name: "user-agent", short: "A", value: "NAME", help: "what to call this program" },
  { name: "referer", short: "e", value: "URL", help: "where the URL was found" },
  { name: "user", short: "u", value: "NAME:PASSWORD", help: "prove who you are (basic)" },
  { name: "oauth2-bearer", value: "TOKEN", help: "prove it with a token" },
  {
    name: "cookie",
    short: "b",
    value: "DATA",
    isRepeatable: true,
    help: 'send cookies: "name=value; ...", or those in a file',
  },
  { name: "cookie-jar", short: "c", value: "FILE", help: "write all cookies to FILE at the end" },
  { name: "compressed", help: "ask for compressed content, and decompress it" },
  { name: "location", short: "L", help: "follow redirects; credentials stay with their server" },
  { name: "location-trusted", help: "follow redirects, and send credentials there too" },
  {
    name: "max-redirs",
    value: "COUNT",
    help: "redirects to follow at most (default: 50; -1 for any number)",
  },
];

const several: readonly Flag[] = [
  {
    name: "next",
    short: ":",
    help: "begin another operation, with flags of its own; -Z, -s, -S, -v and the like are for all",
    group: "Several files",
  },
  {
    name: "config",
    short: "K",
    value: "FILE",
    isRepeatable: true,
    help: 'read flags from FILE ("-" for standard input), each on a line: name = "value"',
  },
  {
    name: "recursive",
    short: "r",
    help: "fetch the folder of the URL with all that is in it, into a folder of its name or of -o",
  },
  {
    name: "pages",
    short: "p",
    help: "fetch also what a page loads: scripts, styles, images; it is counted and dropped",
  },
  { name: "parallel", short: "Z", help: "fetch all URLs at once" },
  {
    name: "parallel-max",
    value: "COUNT",
    help: "files that are fetched at once (default: 50; of a folder, as many as help)",
  },
];

const failures: readonly Flag[] = [
  {
    name: "fail",
    short: "f",
    help: "write nothing and end with 22 if the status is 400 or more",
    group: "When something fails",
  },
  { name: "fail-with-body", help: "the same, but write the body" },
  { name: "fail-early", help: "end with the first URL that fails" },
  {
    name: "retry",
    value: "COUNT",
    help: "further attempts after a passing failure (default: 0; any number once bytes have come)",
  },
  { name: "retry-delay", value: "SECONDS", help: "the pause between them (default: growing)" },
  {
    name: "retry-max-time",
    value: "SECONDS",
    help: "give up after this time without a byte (default: 600; 0 for never)",
  },
  { name: "retry-connrefused", help: "also if no connection can be made" },
  { name: "retry-all-errors", help: "also after any other failure" },
  { name: "max-time", short: "m", value: "SECONDS", help: "maximum time for all together" },
  { name: "connect-timeout", value: "SECONDS", help: "maximum time to connect (default: 10)" },
];

const connection: readonly Flag[] = [
  { name: "ipv4", short: "4", help: "only IPv4 addresses of the server", group: "Connection" },
  { name: "ipv6", short: "6", help: "only IPv6 addresses of the server" },
  {
    name: "resolve",
    value: "HOST:PORT:ADDRESS",
    isRepeatable: true,
    help: "the address of a host, instead of asking for it",
  },
  ...trustFlags,
  {
    name: "cert",
    short: "E",
    value: "FILE",
    help: "our certificate chain (PEM), for servers that ask for one; its key may be in FILE too",
  },
  { name: "key", value: "FILE", help: "the private key (PEM) of --cert" },
  {
    name: "limit-rate",
    value: "RATE",
    help: "bytes a second for each transfer, such as 500k or 2M",
  },
  { name: "tcp-fallback", help: "use TCP (HTTP/2 or 1.1) if UDP does not get through, and say so" },
  {
    name: "fallback-delay",
    value: "MS",
    help: "milliseconds to wait for UDP before TCP is tried (default: 3000)",
  },
  // Their short names of 2018 have several letters, or letters that mean something else to curl.
  ...transportFlags.map(({ short, ...flag }) => short === "n" ? { ...flag, short } : flag),
  {
    name: "interface",
    value: "NAME",
    isRepeatable: true,
    help: "an interface as for -n, or if!NAME or host!ADDRESS; may be repeated",
  },
  ...logFlags,
];

const talk: readonly Flag[] = [
  { name: "silent", short: "s", help: "print neither progress nor errors", group: "Messages" },
  { name: "show-error", short: "S", help: "print errors nevertheless" },
  { name: "no-progress-meter", help: "print no progress, but errors and what becomes of paths" },
  ...liveFlags,
  ...commonFlags,
];

/** The flags of the command get, in the order of its help. */
export const getFlags: readonly Flag[] = [
  ...output,
  ...request,
  ...several,
  ...failures,
  ...connection,
  ...talk,
];
