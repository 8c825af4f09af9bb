// One request of the command get, redirects included.

import { StreamError } from "../../mod.ts";
import type { Carrier } from "../client/carrier.ts";
import { CurlCode } from "../console/curl_code.ts";
import { Failure } from "../console/failure.ts";
import { fieldText } from "../http/field_text.ts";
import { losesBody } from "../http/redirects.ts";
import { requestLines, responseLines } from "../http/message_text.ts";
import type { CarrierPool } from "./carrier_pool.ts";
import type { Cookies } from "./cookies.ts";

/** Fields that prove who the user is: they never go to another origin. */
const credentials = ["authorization", "cookie", "proxy-authorization"];

/** H3_REQUEST_REJECTED (RFC 9114, Section 8.1). */
const REQUEST_REJECTED = 0x10b;

/** Fields that describe content, and go with it. */
const contentFields = ["content-encoding", "content-language", "content-length", "content-type"];

/** A request as the user wants it. */
export interface WantedRequest {
  /** Where to. */
  readonly url: URL;
  /** The method. */
  readonly method: string;
  /** Whether the user has named the method, so that redirects do not change it. */
  readonly isMethodNamed: boolean;
  /** The method that such a request has if the user names none. */
  readonly usualMethod: string;
  /** The fields. */
  readonly headers: Headers;
  /** Makes the body, for each time that it is sent; undefined if there is none. */
  readonly body: (() => BodyInit) | undefined;
}

/** A GET of the program's own, for what stands in pages and folders. */
export function ownGet(url: URL, headers: Headers): WantedRequest {
  const method = "GET";
  return { url, method, isMethodNamed: false, usualMethod: method, headers, body: undefined };
}

/** What an exchange needs from outside. */
export interface ExchangeOptions {
  /** The connections. */
  readonly pool: CarrierPool;
  /** The cookies, if any are kept or sent. */
  readonly cookies: Cookies | undefined;
  /** How many redirects are followed; 0 for none. */
  readonly mostRedirects: number;
  /** Whether redirects are followed at all. */
  readonly followsRedirects: boolean;
  /** Whether credentials go to other origins too. */
  readonly trustsLocation: boolean;
  /** Takes a line for people that want to know all. */
  readonly verbose: (line: string) => void;
  /** Hears of each answer, before its body is read. */
  readonly onAnswer: (answer: ExchangeAnswer) => void;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** An answer that may not be the last, and how it came. */
interface PassedAnswer {
  /** The answer. */
  readonly response: Response;
  /** The answer whose head is shown, if that is not the same. */
  readonly shown?: Response;
  /** The URL that it is from. */
  readonly url: URL;
  /** What it came over. */
  readonly carrier: Carrier;
}

/** An answer, and what led to it. */
export interface ExchangeAnswer extends PassedAnswer {
  /** The redirects that led there, the first one first; the list grows until the last answer. */
  readonly redirects: readonly PassedAnswer[];
}

/**
 * Sends a request, and follows redirects if the user wants that.
 *
 * @param wanted The request.
 * @param options What is needed for it.
 * @throws {Failure} If redirects have no end, or lead where nothing can be fetched.
 */
export async function exchange(
  wanted: WantedRequest,
  options: ExchangeOptions,
): Promise<ExchangeAnswer> {
  let { url, method, usualMethod, body } = wanted;
  const headers = new Headers(wanted.headers);
  const passed: PassedAnswer[] = [];
  for (;;) {
    const one = await send(url, { method, headers, body }, options);
    const answer = { ...one, redirects: passed };
    options.onAnswer(answer);
    const { response } = answer;
    const location = response.headers.get("location");
    if (!options.followsRedirects || !location || !isRedirect(response.status)) {
      return answer;
    }
    await response.body?.cancel();
    if (passed.length === options.mostRedirects) {
      throw new Failure(
        `Cannot get ${wanted.url.href}: there are more than ${passed.length} redirects; check the URL, or allow more with --max-redirs`,
        1,
        CurlCode.Redirects,
      );
    }
    passed.push(one);
    const next = nextUrl(url, fieldText(location));
    if (next.origin !== wanted.url.origin && !options.trustsLocation) {
      for (const name of credentials) headers.delete(name);
    }
    if (losesBody(response.status, usualMethod)) {
      usualMethod = "GET";
      body = undefined;
      for (const name of contentFields) headers.delete(name);
      // As curl does: a method that the user has named stays, though its content does not.
      if (!wanted.isMethodNamed) method = usualMethod;
    }
    url = next;
  }
}

/** Whether an answer with a Location leads there, as curl sees it: that of a condition does not. */
function isRedirect(status: number): boolean {
  return status >= 300 && status < 400 && status !== 304;
}

interface Sent {
  readonly method: string;
  readonly headers: Headers;
  readonly body: (() => BodyInit) | undefined;
}

async function send(
  url: URL,
  { method, headers, body }: Sent,
  { pool, cookies, verbose, signal }: ExchangeOptions,
): Promise<PassedAnswer> {
  const carrier = await pool.carrierFor(url);
  const fields = new Headers(headers);
  const cookie = cookies?.fieldFor(url);
  if (cookie) fields.set("cookie", [fields.get("cookie"), cookie].filter(Boolean).join("; "));
  requestLines(method, url, fields).forEach(verbose);
  const init = { method, headers: fields, signal, ...body && { body: body() } };
  try {
    const response = await carrier.send(url, init);
    responseLines(carrier.protocolOf(response), response).forEach(verbose);
    cookies?.take(url, response.headers);
    return { response, url, carrier };
  } catch (error) {
    // A stream that was broken off says nothing about the connection. RFC 9114, Section 5.2: a
    // request that is rejected may be sent on another connection, as this one comes to its end.
    const isFine = error instanceof StreamError && error.code !== REQUEST_REJECTED;
    if (!isFine && !signal.aborted) await pool.drop(url, carrier);
    throw error;
  }
}

function nextUrl(from: URL, location: string): URL {
  const next = URL.parse(location, from);
  if (next?.protocol === "https:") return next;
  throw new Failure(
    `Cannot get ${from.href}: it is redirected to ${location}; only https can be fetched`,
    1,
    1,
  );
}
