// What -w prints after a transfer.

import { CurlCode } from "../console/curl_code.ts";
import { unreadable } from "../console/unreadable.ts";
import { version } from "../console/version.ts";
import { readStandardInput } from "./standard_input.ts";

/** What is known of a transfer when it is over. */
export interface TransferReport {
  /** The number of the URL on the command line, from 0. */
  readonly number: number;
  /** The URL as it was asked for. */
  readonly url: URL;
  /** The URL that the answer is from. */
  readonly finalUrl: URL;
  /** The method. */
  readonly method: string;
  /** The status; 0 if there was no answer. */
  readonly status: number;
  /** The fields of the answer. */
  readonly headers: Headers;
  /** How many redirects were followed. */
  readonly redirects: number;
  /** What the answer came over: "3" over HTTP/3, "0" if that is not known. */
  readonly httpVersion: string;
  /** Bytes of the body that were received. */
  readonly received: number;
  /** Bytes of the body that were sent. */
  readonly sent: number;
  /** Milliseconds from the beginning to the connection, the first answer, and the end. */
  readonly times: { readonly connect: number; readonly answer: number; readonly total: number };
  /** Where the body went; empty for standard output. */
  readonly filename: string;
  /** How many connections were made for it. */
  readonly connects: number;
  /** The addresses of both ends, if they are known. */
  readonly local: readonly [hostname: string, port: number] | undefined;
  /** The same of the server. */
  readonly remote: readonly [hostname: string, port: number] | undefined;
  /** The exit code, and the sentence that goes with it. */
  readonly exitCode: number;
  /** The sentence about the failure; empty if there is none. */
  readonly error: string;
}

/** The values by the names that curl has for them. */
const variables: Readonly<Record<string, (report: TransferReport) => string | number>> = {
  "content_type": ({ headers }) => headers.get("content-type") ?? "",
  errormsg: ({ error }) => error,
  exitcode: ({ exitCode }) => exitCode,
  "filename_effective": ({ filename }) => filename,
  "http_code": ({ status }) => String(status).padStart(3, "0"),
  "http_version": ({ httpVersion }) => httpVersion,
  "local_ip": ({ local }) => local?.[0] ?? "",
  "local_port": ({ local }) => local?.[1] ?? 0,
  method: ({ method }) => method,
  "num_connects": ({ connects }) => connects,
  "num_headers": ({ headers }) => [...headers].length,
  "num_redirects": ({ redirects }) => redirects,
  "redirect_url": ({ headers, finalUrl }) => {
    const location = headers.get("location");
    return location ? URL.parse(location, finalUrl)?.href ?? "" : "";
  },
  "remote_ip": ({ remote }) => remote?.[0] ?? "",
  "remote_port": ({ remote }) => remote?.[1] ?? 0,
  "response_code": ({ status }) => String(status).padStart(3, "0"),
  scheme: ({ url }) => url.protocol.slice(0, -1),
  "size_download": ({ received }) => received,
  "size_upload": ({ sent }) => sent,
  "speed_download": ({ received, times }) => Math.round(rate(received, times.total)),
  "speed_upload": ({ sent, times }) => Math.round(rate(sent, times.total)),
  "time_appconnect": ({ times }) => seconds(times.connect),
  "time_connect": ({ times }) => seconds(times.connect),
  "time_starttransfer": ({ times }) => seconds(times.answer),
  "time_total": ({ times }) => seconds(times.total),
  url: ({ url }) => url.href,
  "url_effective": ({ finalUrl }) => finalUrl.href,
  urlnum: ({ number }) => number,
};

/** Text for one of the standard streams. */
export type Piece = readonly [stream: "stdout" | "stderr", text: string];

/**
 * Fills a format in.
 *
 * @param format Text with `%{name}`, `%header{name}`, `%%`, and `\n`, `\r`, `\t`.
 * @param report What is known of the transfer.
 * @returns What to print where: `%{stderr}` and `%{stdout}` change the place.
 */
export function writeOut(format: string, report: TransferReport): readonly Piece[] {
  const pieces: Piece[] = [];
  let stream: Piece[0] = "stdout";
  let text = "";
  const pattern = /%%|%\{(\w+)\}|%header\{([^}]*)\}|\\([nrt])|[^]/gy;
  for (const [sign, name, field, letter] of format.matchAll(pattern)) {
    if (name === "onerror" && report.exitCode === 0) break;
    if (name === "stdout" || name === "stderr") {
      pieces.push([stream, text]);
      [stream, text] = [name, ""];
    } else if (name === "onerror") continue;
    else if (name === "json") text += json(report);
    else if (name === "header_json") text += headerJson(report.headers);
    else if (name !== undefined) text += variables[name]?.(report) ?? "";
    else if (field !== undefined) text += fieldOf(report.headers, field);
    else if (letter !== undefined) text += { n: "\n", r: "\r", t: "\t" }[letter];
    else text += sign === "%%" ? "%" : sign;
  }
  return [...pieces, [stream, text] as const].filter(([, text]) => text !== "");
}

/**
 * The format that -w names: as with curl, "@FILE" is in a file, "@-" on standard input.
 *
 * @param given What stands behind -w.
 * @throws {Failure} If the file cannot be read.
 */
export async function formatOf(given: string): Promise<string> {
  if (!given.startsWith("@")) return given;
  const path = given.slice(1);
  try {
    return path === "-" ? await readStandardInput() : await Deno.readTextFile(path);
  } catch (error) {
    throw unreadable(error, path, "-w", CurlCode.Read);
  }
}

function fieldOf(headers: Headers, name: string): string {
  try {
    return headers.get(name) ?? "";
  } catch {
    return ""; // no name of a field
  }
}

function json(report: TransferReport): string {
  const entries = Object.entries(variables).map(([name, read]) => {
    const value = read(report);
    const isNumber = /^(?:http_code|response_code|time_|size_|speed_)/.test(name);
    return [name, isNumber ? Number(value) : value];
  });
  return JSON.stringify({ ...Object.fromEntries(entries), curl_version: `mpquic/${version}` });
}

function headerJson(headers: Headers): string {
  const all: Record<string, string[]> = {};
  for (const [name, value] of headers) (all[name] ??= []).push(value);
  return JSON.stringify(all);
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(6);
}

function rate(bytes: number, milliseconds: number): number {
  return milliseconds > 0 ? bytes * 1000 / milliseconds : 0;
}
