// The command line of the command get.

import type { CarrierChoices } from "../client/carrier_choices.ts";
import { FALLBACK_DELAY } from "../client/client_options.ts";
import { UsageError } from "../console/failure.ts";
import { bytesValue } from "../flags/amounts.ts";
import {
  type FlagValues,
  type GivenFlag,
  numberValue,
  readFlags,
  secondsValue,
  textValue,
  textValues,
} from "../flags/flags.ts";
import { type LiveChoices, readLiveChoices } from "../flags/live_flags.ts";
import { readLogChoices } from "../flags/log_flags.ts";
import { readTransportChoices } from "../flags/transport_flags.ts";
import { readTrustChoices } from "../flags/trust_flags.ts";
import { bareHost } from "../paths/bare_host.ts";
import { type Checksum, readChecksum } from "./checksum.ts";
import { dataFlags } from "./get_flags.ts";
import { type GetJob, readJobs } from "./get_job.ts";
import { getProgram } from "./get_program.ts";
import { splitOperations } from "./operations.ts";
import type { RetryChoices } from "./retry.ts";
import { readTimeCondition, type TimeCondition } from "./time_condition.ts";

/** What the command was asked to do. */
export interface GetOptions extends CarrierChoices, LiveChoices, RetryChoices {
  /** The URLs, and what belongs to each. */
  readonly jobs: readonly GetJob[];
  /** The flags in their order, for those that make up the request. */
  readonly order: readonly GivenFlag[];
  /** The switches that were given, by long name. */
  readonly has: (name: string) => boolean;
  /** The method, if it was named. */
  readonly method: string | undefined;
  /** Which bytes to ask for, as Range has it. */
  readonly range: string | undefined;
  /** Where to go on: a number of bytes, or "auto". */
  readonly continueAt: number | "auto" | undefined;
  /** Which versions are wanted. */
  readonly timeCondition: TimeCondition | undefined;
  /** What must have come in the end. */
  readonly checksum: Checksum | undefined;
  /** What is printed after each transfer. */
  readonly writeOut: string | undefined;
  /** Where heads of answers go; "-" is standard output. */
  readonly dumpHeader: string | undefined;
  /** "name:password". */
  readonly user: string | undefined;
  /** Cookies and files of cookies. */
  readonly cookies: readonly string[];
  /** Where cookies go in the end. */
  readonly cookieJar: string | undefined;
  /** How many redirects are followed. */
  readonly mostRedirects: number;
  /** How many files are fetched at once; undefined leaves it open. */
  readonly parallelMax: number | undefined;
  /** Milliseconds that all of it may take. */
  readonly maxTime: number | undefined;
  /** The family of addresses, if only one counts. */
  readonly family: 4 | 6 | undefined;
  /** Addresses by "host:port". */
  readonly resolve: ReadonlyMap<string, string>;
  /** Bytes a second for each transfer. */
  readonly limitRate: number | undefined;
}

/**
 * Reads the command line of get.
 *
 * @param args The words of it.
 * @returns What to do, one operation after the other, or the word for a flag that only asks for
 * information.
 */
export function readOperations(
  args: readonly string[],
): readonly GetOptions[] | "help" | "version" {
  const operations: GetOptions[] = [];
  for (const words of splitOperations(getProgram.flags, args)) {
    const options = readGetOptions(words, operations.at(-1)?.jobs.at(-1)?.number);
    if (typeof options === "string") return options;
    operations.push(options);
  }
  return operations;
}

/**
 * Reads one operation of a command line.
 *
 * @param args The words of it.
 * @param last The number of the last URL before it.
 * @returns What to do, or the word for a flag that only asks for information.
 */
export function readGetOptions(
  args: readonly string[],
  last = -1,
): GetOptions | "help" | "version" {
  const given = readFlags(getProgram.name, getProgram.flags, args, "letters");
  if (given.values["help"]) return "help";
  if (given.values["version"]) return "version";
  const has = (name: string) => given.values[name] === true;
  const transport = readTransportChoices(given);
  const options: GetOptions = {
    ...transport,
    ...readTrustChoices(given),
    ...readLiveChoices(given),
    ...readLogChoices(given),
    interfaces: [...transport.interfaces, ...textValues(given, "interface").map(interfaceName)],
    jobs: readJobs(given, last + 1),
    order: given.order,
    has,
    method: readMethod(textValue(given, "request")),
    range: readRange(textValue(given, "range")),
    continueAt: readOffset(textValue(given, "continue-at")),
    timeCondition: readCondition(textValue(given, "time-cond")),
    checksum: readChecksum(textValue(given, "checksum")),
    writeOut: textValue(given, "write-out"),
    dumpHeader: textValue(given, "dump-header"),
    user: textValue(given, "user"),
    cookies: textValues(given, "cookie"),
    cookieJar: textValue(given, "cookie-jar"),
    mostRedirects: textValue(given, "max-redirs") === "-1"
      ? Infinity
      : numberValue(given, "max-redirs", 0, 10_000) ?? 50,
    parallelMax: numberValue(given, "parallel-max", 1, 300),
    maxTime: secondsValue(given, "max-time"),
    connectTimeout: secondsValue(given, "connect-timeout"),
    family: has("ipv4") ? 4 : has("ipv6") ? 6 : undefined,
    resolve: readResolve(textValues(given, "resolve")),
    limitRate: bytesValue(given, "limit-rate", "bytes a second"),
    tcpFallback: has("tcp-fallback"),
    fallbackDelay: numberValue(given, "fallback-delay", 1, 3_600_000) ?? FALLBACK_DELAY,
    cert: textValue(given, "cert"),
    key: textValue(given, "key"),
    retry: numberValue(given, "retry", 0, 1_000_000),
    retryDelay: timeOrNone(given, "retry-delay"),
    retryMaxTime: timeOrNone(given, "retry-max-time"),
    retryRefused: has("retry-connrefused"),
    retryAll: has("retry-all-errors"),
  };
  checkTogether(options, given);
  return options;
}

/** Seconds, of which 0 is possible as well. */
function timeOrNone(given: FlagValues, name: string): number | undefined {
  return /^0+$/.test(textValue(given, name) ?? "") ? 0 : secondsValue(given, name);
}

function readMethod(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  try {
    return new Request("https://localhost/", { method: text }).method;
  } catch {
    throw new UsageError(`Cannot use "${text}" for --request: give a method such as PUT`);
  }
}

function readRange(text: string | undefined): string | undefined {
  const isRange = text === undefined || /^(\d+-\d*|-\d+)(,(\d+-\d*|-\d+))*$/.test(text);
  if (isRange) return text;
  throw new UsageError(`Cannot use "${text}" for --range: give bytes such as 0-499, 500- or -500`);
}

function readCondition(text: string | undefined): TimeCondition | undefined {
  return text === undefined ? undefined : readTimeCondition(text);
}

function readOffset(text: string | undefined): number | "auto" | undefined {
  if (text === undefined) return undefined;
  if (text === "-") return "auto";
  const offset = /^\d+$/.test(text) ? Number(text) : NaN;
  if (Number.isSafeInteger(offset)) return offset;
  throw new UsageError(`Cannot use "${text}" for -C: give a number of bytes, or "-"`);
}

/** As curl writes it: HOST:PORT:ADDRESS[,ADDRESS]..., IPv6 addresses with or without brackets. */
function readResolve(texts: readonly string[]): ReadonlyMap<string, string> {
  return new Map(texts.map((text) => {
    const [, host, port, first] = /^\+?(\[[^\]]+\]|[^:]+):(\d+):([^,]+)(?:,.*)?$/.exec(text) ?? [];
    if (first === undefined) {
      throw new UsageError(
        `Cannot use "${text}" for --resolve: write host:port:address, such as server.example:443:192.0.2.7`,
      );
    }
    return [`${host!.toLowerCase()}:${port}`, bareHost(first)];
  }));
}

/** What curl puts before names of interfaces and hosts. */
function interfaceName(text: string): string {
  const name = text.replace(/^(?:if!|host!)/, "");
  if (name !== "") return name;
  throw new UsageError('Cannot use "" for --interface: give an address or an interface');
}

function checkTogether(options: GetOptions, given: FlagValues): void {
  const { has, jobs } = options;
  const refuse = (what: string, advice: string) => {
    throw new UsageError(`Cannot use ${what} together: ${advice}`);
  };
  if (options.key !== undefined && options.cert === undefined) {
    throw new UsageError("Cannot use --key alone: give --cert FILE with it");
  }
  if (options.insecure && options.tcpFallback) {
    refuse(
      "--insecure and --tcp-fallback",
      "over TCP the runtime checks certificates, name their authority with --cacert",
    );
  }
  if (options.tcpFallback && (options.resolve.size > 0 || options.family)) {
    refuse("--tcp-fallback and --resolve, -4 or -6", "over TCP the runtime chooses the address");
  }
  if (textValue(given, "fallback-delay") !== undefined && !options.tcpFallback) {
    throw new UsageError("Cannot use --fallback-delay alone: give --tcp-fallback with it");
  }
  if (has("ipv4") && has("ipv6")) refuse("-4 and -6", "give one of them");
  if (has("fail") && has("fail-with-body")) refuse("-f and --fail-with-body", "give one of them");
  if (options.range !== undefined && options.continueAt !== undefined) {
    refuse("--range and -C", "give one of them");
  }
  const withContent = [...has("get") ? [] : dataFlags, "form", "form-string", "upload-file"]
    .find((name) => given.values[name] !== undefined);
  if (withContent && (options.method === "GET" || options.method === "HEAD")) {
    // The runtime has no such requests.
    refuse(`--${withContent} and -X ${options.method}`, "give another method, or leave -X out");
  }
  const isNamedByServer = has("remote-header-name");
  if (isNamedByServer && options.continueAt !== undefined) {
    refuse("-J and -C", "a file that is there is never gone on with under a name by the server");
  }
  if (isNamedByServer && (has("include") || has("head"))) {
    refuse("-J and -i or -I", "write the header fields to a file with -D");
  }
  if (options.checksum && (jobs.length > 1 || !jobs[0]!.output || has("recursive"))) {
    throw new UsageError("Cannot check the checksum of that: give one URL, with -o or -O");
  }
  if (has("recursive")) {
    const other = ["head", "include", "range", "continue-at", "upload-file", "pages", "data"]
      .concat("form", "remote-name").find((name) => given.values[name] !== undefined);
    if (other) refuse(`-r and --${other}`, "a folder is fetched file by file");
  }
}
