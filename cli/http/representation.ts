// What tells one version of a resource from another, as a client knows it.

import { readHttpDate } from "./http_date.ts";

/** What is known of the bytes that an answer carries, or carries a part of. */
export interface Representation {
  /** Where the answer came from, redirects followed. */
  readonly url: string;
  /** An entity tag that is the same only for the same bytes. */
  readonly etag?: string;
  /** A date that is the same only for the same bytes, as the server wrote it. */
  readonly lastModified?: string;
  /** How many bytes there are of it. */
  readonly length?: number;
  /** The coding of its content, if there is any. */
  readonly coding?: string;
}

/** RFC 9110, Section 8.8.2.2: seconds after which a date cannot come to mean other bytes. */
const STRONG_AGE = 60_000;

/**
 * What an answer with status 200 tells of the representation that it carries.
 *
 * @param url Where it came from.
 * @param headers Its fields.
 */
export function representationOf(url: URL, headers: Headers): Representation {
  const [etag, date] = [strongTag(headers), strongDate(headers)];
  const length = lengthOf(headers);
  const coding = codingOf(headers);
  return {
    url: withoutFragment(url),
    ...etag !== undefined && { etag },
    ...date !== undefined && { lastModified: date },
    ...length !== undefined && { length },
    ...coding !== "" && { coding },
  };
}

/**
 * What `If-Range` is to say, so that no other bytes come; undefined if nothing makes sure of that.
 *
 * @param known What is known of the bytes that are there.
 */
export function conditionOf({ etag, lastModified }: Representation): string | undefined {
  return etag ?? lastModified;
}

/**
 * Why an answer is not about the same bytes; undefined if it may be.
 *
 * @param known What is known of the bytes that are there.
 * @param url Where the answer came from.
 * @param headers Its fields.
 */
export function whyOther(known: Representation, url: URL, headers: Headers): string | undefined {
  if (resourceOf(known.url) !== resourceOf(url.href)) return "it is redirected to another file";
  if (codingOf(headers) !== (known.coding ?? "")) return "its coding is another one";
  const tag = headers.get("etag")?.trim();
  if (known.etag !== undefined && tag !== undefined && tag !== known.etag) {
    return "the file has changed";
  }
  const date = headers.get("last-modified")?.trim();
  const isDated = known.etag === undefined && known.lastModified !== undefined;
  return isDated && date !== undefined && date !== known.lastModified
    ? "the file has changed"
    : undefined;
}

/** The coding of an answer's content; empty if there is none. */
export function codingOf(headers: Headers): string {
  const coding = headers.get("content-encoding")?.trim().toLowerCase() ?? "";
  return coding === "identity" ? "" : coding;
}

/** What an answer says of its length; undefined if it says nothing that can be. */
export function lengthOf(headers: Headers): number | undefined {
  const text = headers.get("content-length");
  const length = text !== null && /^\d+$/.test(text.trim()) ? Number(text) : NaN;
  return Number.isSafeInteger(length) ? length : undefined;
}

function strongTag(headers: Headers): string | undefined {
  const tag = headers.get("etag")?.trim();
  return tag !== undefined && /^"[\x21\x23-\x7e\x80-\xff]*"$/.test(tag) ? tag : undefined;
}

/** RFC 9110, Section 8.8.2.2: by the server's own clock, a while must have passed. */
function strongDate(headers: Headers): string | undefined {
  const text = headers.get("last-modified")?.trim();
  const [modified, now] = [text, headers.get("date")].map((field) =>
    field ? readHttpDate(field, Date.now()) : undefined
  );
  if (text === undefined || modified === undefined || now === undefined) return undefined;
  return 1000 * (now - modified) >= STRONG_AGE ? text : undefined;
}

/** Signatures in a query change with each redirect; the path is the file. */
function resourceOf(href: string): string {
  const { origin, pathname } = new URL(href);
  return `${origin}${pathname}`;
}

/**
 * A URL as it goes to servers: they do not hear of its fragment.
 *
 * @param url The URL; it stays as it is.
 */
export function withoutFragment(url: URL): string {
  const copy = new URL(url);
  copy.hash = "";
  return copy.href;
}
