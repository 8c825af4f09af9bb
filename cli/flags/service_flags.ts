// The flags of a server that runs for a long time: its log, its metrics, its pace, its end.

import { UsageError } from "../console/failure.ts";
import { bytesValue, timeValue } from "./amounts.ts";
import { choiceValue, type Flag, type FlagValues, textValue } from "./flags.ts";

/** The forms of the lines of an access log. */
export type LogFormat = "combined" | "json";

/** Where metrics are served. */
export interface MetricsAddress {
  readonly hostname: string;
  readonly port: number;
}

/** What those who run a server choose. */
export interface ServiceChoices {
  /** The file of the access log; "-" for standard output, undefined for none. */
  readonly accessLog: string | undefined;
  readonly logFormat: LogFormat;
  /** Whether the log has what stands behind a question mark. */
  readonly logQuery: boolean;
  /** Where metrics are told; undefined for nowhere. */
  readonly metrics: MetricsAddress | undefined;
  /** Bytes a second of each answer. */
  readonly limitRate: number | undefined;
  /** Milliseconds that answers under way get when the server is stopped. */
  readonly drain: number;
}

const DEFAULT_DRAIN = 5_000;
const DEFAULT_HOST = "127.0.0.1";

/** The flags for that. */
export const serviceFlags: readonly Flag[] = [
  {
    name: "access-log",
    value: "FILE",
    help: 'a line per request to FILE or "-"; SIGHUP opens it again',
  },
  { name: "log-format", value: "FORMAT", help: "combined (default), or json with paths and times" },
  { name: "log-no-query", help: "log nothing of what stands behind question marks" },
  {
    name: "metrics",
    value: "ADDR",
    help: "PORT or HOST:PORT of /metrics and /healthz (HTTP)",
  },
  { name: "limit-rate", value: "RATE", help: "most bytes a second of each answer: 500k or 2M" },
  { name: "drain", value: "TIME", help: "how long answers may take at the end (default: 5s)" },
];

/**
 * Reads these flags.
 *
 * @param given What stood on the command line.
 */
export function readServiceChoices(given: FlagValues): ServiceChoices {
  const accessLog = textValue(given, "access-log");
  const formats: Readonly<Record<string, LogFormat>> = { combined: "combined", json: "json" };
  const logFormat = choiceValue(given, "log-format", formats);
  const logQuery = given.values["log-no-query"] !== true;
  if (accessLog === undefined && (logFormat !== undefined || !logQuery)) {
    throw new UsageError("Cannot shape a log that is not written: give --access-log FILE as well");
  }
  return {
    accessLog,
    logFormat: logFormat ?? "combined",
    logQuery,
    metrics: readAddress(textValue(given, "metrics")),
    limitRate: bytesValue(given, "limit-rate", "bytes a second"),
    drain: timeValue(given, "drain") ?? DEFAULT_DRAIN,
  };
}

/** `9090`, `:9090`, `127.0.0.1:9090` or `[::1]:9090`. */
function readAddress(text: string | undefined): MetricsAddress | undefined {
  if (text === undefined) return undefined;
  const [, host, port] = /^(?:(\[[\da-fA-F:.]+\]|[^:\[\]]*):)?(\d{1,5})$/.exec(text) ?? [];
  if (port === undefined || Number(port) > 65_535) {
    throw new UsageError(
      `Cannot use "${text}" for --metrics: give a port, or an address and a port, such as ` +
        "127.0.0.1:9090",
    );
  }
  return { hostname: host?.replace(/^\[|\]$/g, "") || DEFAULT_HOST, port: Number(port) };
}
