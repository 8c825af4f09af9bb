// How a request is sent: its fields, its content, and what a redirect makes of it.

import { entriesOf } from "../wire/fields.ts";
import type { FetchInit } from "../options.ts";
import { contentAtHand } from "./content_at_hand.ts";

type Body = Uint8Array<ArrayBuffer> | Blob | ReadableStream<Uint8Array<ArrayBuffer>> | null;

/** Fields that describe content, and go with it. */
const contentFields = [
  "content-encoding",
  "content-language",
  "content-length",
  "content-location",
  "content-type",
];
/** Fields that are meant for one origin only. */
const originFields = ["authorization", "cookie", "host", "proxy-authorization"];

/** A request that may have to be made more than once: redirected, or tried again. */
export class RequestPlan {
  url: URL;
  method: string;
  readonly signal: AbortSignal;
  readonly redirect: RequestRedirect;
  readonly #headers: Headers;
  #body: Body;
  #isSpent = false;

  private constructor(request: Request, body: Body) {
    this.url = httpsUrl(request.url);
    this.method = request.method;
    this.signal = request.signal;
    this.redirect = request.redirect;
    this.#headers = new Headers(entriesOf(request.headers));
    this.#takeCredentials();
    for (const [name, value] of defaults()) {
      if (!this.#headers.has(name)) this.#headers.set(name, value);
    }
    this.#body = body;
    const length = lengthOf(this.method, body);
    if (length >= 0) this.#headers.set("content-length", String(length));
  }

  /** Takes the arguments of `fetch` and makes the body one that can be sent again, if it can. */
  static async from(input: string | URL | Request, init: FetchInit): Promise<RequestPlan> {
    const { body } = init;
    const request = new Request(input, init);
    if (body === null || body === undefined) {
      return new RequestPlan(request, request.body && await contentAtHand(request.body));
    }
    if (body instanceof ReadableStream || body instanceof Blob) {
      return new RequestPlan(request, body as Body);
    }
    const isIterable = typeof body === "object" && Symbol.asyncIterator in body;
    return new RequestPlan(request, isIterable ? request.body : await request.bytes());
  }

  /** Whether the body, if there is one, can be sent again. */
  get isRepeatable(): boolean {
    return !(this.#body instanceof ReadableStream);
  }

  /** The request to be made now. */
  request(): Request {
    if (this.#isSpent && !this.isRepeatable) {
      throw new TypeError("Cannot send a stream a second time");
    }
    this.#isSpent = true;
    const { method, signal } = this;
    const init: RequestInit & { duplex: "half" } = {
      method,
      signal,
      headers: entriesOf(this.#headers),
      body: this.#body,
      duplex: "half",
    };
    return new Request(this.url, init);
  }

  /**
   * Lets go of content that was not sent, and will not be: an open file, say. Fetch Standard, "abort a
   * fetch() call": its stream is cancelled.
   */
  discard(reason: unknown): void {
    const body = this.#body;
    if (body instanceof ReadableStream && !body.locked) body.cancel(reason).catch(ignore);
  }

  /** Goes where a response points, as the platform's `fetch` does. */
  redirectTo(location: string, status: number): void {
    const url = httpsUrl(new URL(location, this.url).href);
    if (!url.hash) url.hash = this.url.hash;
    const losesContent = status === 303 && this.method !== "GET" && this.method !== "HEAD" ||
      (status === 301 || status === 302) && this.method === "POST";
    if (losesContent) {
      this.method = "GET";
      this.#body = null;
      for (const name of contentFields) this.#headers.delete(name);
    }
    if (url.origin !== this.url.origin) {
      for (const name of originFields) this.#headers.delete(name);
    }
    this.url = url;
    this.#takeCredentials();
  }

  /**
   * RFC 9110, Section 4.2.4: the user name and password of a URL are sent in a field, and nowhere
   * else.
   */
  #takeCredentials(): void {
    const { url } = this;
    if (url.username === "" && url.password === "") return;
    const credentials = `${decodedBytes(url.username)}:${decodedBytes(url.password)}`;
    url.username = url.password = "";
    if (!this.#headers.has("authorization")) {
      this.#headers.set("authorization", `Basic ${btoa(credentials)}`);
    }
  }
}

/** Bytes of content, as far as that is known; -1 if there is nothing to say about that. */
function lengthOf(method: string, body: Body): number {
  if (body instanceof Uint8Array) return body.length;
  if (body instanceof Blob) return body.size;
  // RFC 9110, Section 8.6: a request that could have content says that it has none; some servers
  // answer 411 (Length Required) otherwise.
  return body === null && (method === "POST" || method === "PUT") ? 0 : -1;
}

/** A part of a URL, percent-decoded, as one character per byte. */
function decodedBytes(text: string): string {
  return text.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
}

/** What the platform's `fetch` says of itself if the application says nothing. */
function defaults(): readonly (readonly [name: string, value: string])[] {
  return [["accept", "*/*"], ["user-agent", navigator.userAgent]];
}

/** RFC 9114, Section 3.1.2: other schemes are not asked for. */
function httpsUrl(text: string): URL {
  const url = new URL(text);
  if (url.protocol !== "https:") {
    throw new TypeError(`Cannot fetch ${url.href} over HTTP/3: it is not an https URL`);
  }
  return url;
}

function ignore(): void {}
