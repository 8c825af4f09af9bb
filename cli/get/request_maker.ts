// Makes the requests of the command get from its flags.

import { CurlCode } from "../console/curl_code.ts";
import { UsageError } from "../console/failure.ts";
import { version } from "../console/version.ts";
import { unreadable } from "../console/unreadable.ts";
import type { GivenFlag } from "../flags/flags.ts";
import { fieldValue } from "../http/field_text.ts";
import { type ContentPart, RequestContent } from "../http/request_content.ts";
import type { WantedRequest } from "./exchange.ts";
import { formContent, type FormField } from "./form_content.ts";
import type { GetJob } from "./get_job.ts";
import { dataFlags } from "./get_flags.ts";
import type { GetOptions } from "./get_options.ts";
import { fieldOf } from "./time_condition.ts";

/** What all requests of a run have in common. */
export class RequestMaker {
  readonly #options: GetOptions;
  readonly #content: RequestContent | undefined;
  readonly #query: string | undefined;
  readonly #type: string | undefined;
  readonly #fields: readonly (readonly [name: string, value: string | undefined])[];

  private constructor(
    options: GetOptions,
    content: RequestContent | undefined,
    query: string | undefined,
    type: string | undefined,
    fields: readonly (readonly [name: string, value: string | undefined])[],
  ) {
    this.#options = options;
    this.#content = content;
    this.#query = query;
    this.#type = type;
    this.#fields = fields;
  }

  /**
   * Reads what is to be sent.
   *
   * @param options What the user wants.
   * @throws {Failure} If a file cannot be read, or the flags ask for two bodies.
   */
  static async of(options: GetOptions): Promise<RequestMaker> {
    const { order, has } = options;
    const data = order.filter(([name]) => dataFlags.includes(name));
    const form = order.flatMap(([name, text = ""]): FormField[] =>
      name === "form" || name === "form-string" ? [{ text, isLiteral: name === "form-string" }] : []
    );
    const kinds = [
      data.length > 0 && !has("get") && "-d",
      form.length > 0 && "-F",
      options.jobs.some(({ upload }) => upload !== undefined) && "-T",
      has("head") && "-I",
    ].filter((kind) => kind !== false);
    if (kinds.length > 1) {
      throw new UsageError(`Cannot send ${kinds.join(" and ")} together: give one of them`);
    }
    const fields = (await Promise.all(
      order.filter(([name]) => name === "header").map(([, text = ""]) => readFields(text)),
    )).flat();
    if (form.length > 0) {
      const { type, parts } = formContent(form, `mpquic-${crypto.randomUUID()}`);
      const content = await RequestContent.join(parts, "-F NAME=@FILE");
      return new RequestMaker(options, content, undefined, type, fields);
    }
    if (data.length === 0) {
      return new RequestMaker(options, undefined, undefined, undefined, fields);
    }
    const parts = await dataParts(data);
    if (has("get")) {
      const query = new TextDecoder().decode(await bytesOf(parts));
      return new RequestMaker(options, undefined, query, undefined, fields);
    }
    const isJson = data.some(([name]) => name === "json");
    const type = isJson ? "application/json" : "application/x-www-form-urlencoded";
    return new RequestMaker(options, await RequestContent.join(parts), undefined, type, fields);
  }

  /**
   * The request for a URL of the command line.
   *
   * @param job The URL, and what belongs to it.
   */
  async for(job: GetJob): Promise<WantedRequest> {
    const { method, has } = this.#options;
    const content = job.upload === undefined
      ? this.#content
      : await RequestContent.join([{ path: job.upload === "." ? "-" : job.upload }], "-T");
    const usual = job.upload !== undefined
      ? "PUT"
      : content
      ? "POST"
      : has("head")
      ? "HEAD"
      : "GET";
    const url = new URL(job.url);
    if (this.#query) url.search += `${url.search ? "&" : ""}${this.#query}`;
    const headers = this.headersFor(job.user);
    const { timeCondition } = this.#options;
    if (timeCondition !== undefined) {
      const [name, value] = fieldOf(timeCondition);
      if (!this.#isSet(name)) headers.set(name, value);
    }
    if (job.upload === undefined && this.#type && !this.#isSet("content-type")) {
      headers.set("content-type", this.#type);
    }
    const { length } = content ?? {};
    if (content && length !== undefined) headers.set("content-length", String(length));
    return {
      url,
      method: method ?? usual,
      isMethodNamed: method !== undefined,
      usualMethod: usual,
      headers,
      body: content && (() => content.body()),
    };
  }

  /**
   * The fields of a request without a body.
   *
   * @param user "name:password", from the URL.
   */
  headersFor(user: string | undefined): Headers {
    const { order, has, user: named, cookies } = this.#options;
    const last = (name: string) => order.findLast(([flag]) => flag === name)?.[1];
    const headers = new Headers({ accept: "*/*", "user-agent": `mpquic/${version}` });
    const set = (name: string, value: string | undefined) =>
      value !== undefined && setField(headers, name, value);
    if (order.some(([name]) => name === "json")) headers.set("accept", "application/json");
    if (has("compressed")) headers.set("accept-encoding", "gzip, deflate");
    set("user-agent", last("user-agent"));
    set("referer", last("referer")?.replace(/;auto$/, ""));
    const who = named ?? user;
    if (who !== undefined) set("authorization", `Basic ${base64(withPassword(who))}`);
    const token = last("oauth2-bearer");
    if (token !== undefined) set("authorization", `Bearer ${token}`);
    const given = cookies.filter((text) => text.includes("="));
    if (given.length > 0) set("cookie", given.join("; "));
    set("range", this.#options.range && `bytes=${this.#options.range}`);
    // As curl, a field that the user gives replaces ours, and all of the same name count.
    for (const [name] of this.#fields) headers.delete(name);
    for (const [name, value] of this.#fields) if (value !== undefined) headers.append(name, value);
    return headers;
  }

  #isSet(name: string): boolean {
    return this.#fields.some(([given]) => given.toLowerCase() === name);
  }
}

/** `name: value`, `name;` for an empty one, `name:` for none at all, `@FILE` for a line each. */
async function readFields(
  text: string,
): Promise<readonly (readonly [name: string, value: string | undefined])[]> {
  if (text.startsWith("@")) {
    const lines = new TextDecoder().decode(await bytesOf([{ path: text.slice(1) }])).split(/\r?\n/);
    return lines.filter((line) => line.trim() !== "").map(readField);
  }
  return [readField(text)];
}

function readField(text: string): readonly [name: string, value: string | undefined] {
  const [, name = "", sign, given = ""] = /^([^:;]*)([:;])[ \t]*([^]*?)[ \t]*$/.exec(text) ?? [];
  const isEmpty = sign === ";" && given === "";
  const value = isEmpty ? "" : sign === ":" && given !== "" ? fieldValue(given) : undefined;
  try {
    if (sign === undefined || (sign === ";" && !isEmpty)) throw new TypeError();
    new Headers([[name, value ?? ""]]);
  } catch {
    throw new UsageError(
      `Cannot use ${JSON.stringify(text)} for --header: write it as "name: value"`,
    );
  }
  if (!impossible.has(name.toLowerCase()) || value === undefined) return [name, value];
  throw new UsageError(`Cannot send the field ${name}: HTTP/3 has no place for it; leave it out`);
}

const impossible = new Set(["connection", "keep-alive", "proxy-connection", "upgrade"])
  .union(new Set(["transfer-encoding", "host", "content-length"]));

async function dataParts(data: readonly GivenFlag[]): Promise<ContentPart[]> {
  const pieces = await Promise.all(data.map(([name, text = ""]) => dataPart(name, text)));
  const utf8 = new TextEncoder();
  return pieces.flatMap((piece, i) =>
    i > 0 && data[i]![0] !== "json" ? [utf8.encode("&"), piece] : [piece]
  );
}

async function dataPart(name: string, text: string): Promise<ContentPart> {
  const utf8 = new TextEncoder();
  if (name === "data-urlencode") return utf8.encode(await urlEncoded(text));
  if (name === "data-raw" || !text.startsWith("@")) return utf8.encode(text);
  const path = text.slice(1);
  if (name !== "data") return { path };
  // As curl does: a text of several lines becomes one.
  return (await bytesOf([{ path }])).filter((byte) => byte !== 0x0a && byte !== 0x0d && byte !== 0);
}

async function urlEncoded(text: string): Promise<string> {
  const at = text.search(/[=@]/);
  if (at < 0) return encodePart(text);
  const name = text.slice(0, at);
  const value = text.slice(at + 1);
  const content = text[at] === "="
    ? new TextEncoder().encode(value)
    : await bytesOf([{ path: value }]);
  return `${name}${name === "" ? "" : "="}${encodePart(new TextDecoder().decode(content))}`;
}

/** RFC 3986, Section 2.3: all but the unreserved characters; spaces as in forms. */
function encodePart(text: string): string {
  return encodeURIComponent(text).replaceAll("%20", "+").replaceAll(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

async function bytesOf(parts: readonly ContentPart[]): Promise<Uint8Array<ArrayBuffer>> {
  const content = await RequestContent.join(parts);
  return await new Response(content.body()).bytes();
}

function setField(headers: Headers, name: string, value: string): void {
  try {
    if (value === "") headers.delete(name);
    else headers.set(name, fieldValue(value));
  } catch {
    throw new UsageError(`Cannot send ${JSON.stringify(value)} as ${name}: leave line ends out`);
  }
}

function withPassword(who: string): string {
  if (who.includes(":")) return who;
  throw new UsageError(`Cannot prove to be ${who} without a password: give -u ${who}:PASSWORD`);
}

function base64(text: string): string {
  return new TextEncoder().encode(text).toBase64();
}

/**
 * Why a file to upload cannot be read, before a connection is made for it.
 *
 * @param path The file; "-" and "." are standard input.
 */
export async function checkReadable(path: string): Promise<void> {
  if (path === "-" || path === ".") return;
  try {
    const file = await Deno.open(path);
    const { isDirectory } = await file.stat();
    file.close();
    if (isDirectory) throw new Deno.errors.IsADirectory();
  } catch (error) {
    throw unreadable(error, path, "-T", CurlCode.Read);
  }
}
