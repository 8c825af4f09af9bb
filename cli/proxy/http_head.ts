// Heads of requests to an HTTP proxy, and what becomes of them (RFC 9112).

/** The head of a request, taken apart. */
export interface HttpHead {
  readonly method: string;
  /** What the request line names. */
  readonly target: string;
  /** The minor version of HTTP/1. */
  readonly minor: number;
  readonly fields: readonly (readonly [name: string, value: string])[];
}

const TOKEN = /^[!#$%&'*+\-.^_`|~\w]+$/;
/** Fields that are about one connection (RFC 9110, Section 7.6.1), or for the proxy alone. */
const FOR_ONE_HOP = new Set([
  "connection",
  "proxy-connection",
  "keep-alive",
  "te",
  "upgrade",
  "proxy-authorization",
  "host",
  "via",
]);

/**
 * Takes the head of a request apart.
 *
 * @param text All before the empty line, one character per byte.
 * @returns Undefined if it is none.
 */
export function readHttpHead(text: string): HttpHead | undefined {
  const [line = "", ...rest] = text.split("\r\n");
  const [, method, target, minor] = /^(\S+) (\S+) HTTP\/1\.([01])$/.exec(line) ?? [];
  if (method === undefined || !TOKEN.test(method)) return undefined;
  const fields: [string, string][] = [];
  for (const field of rest) {
    const colon = field.indexOf(":");
    const name = field.slice(0, Math.max(0, colon));
    const value = field.slice(colon + 1).trim();
    // deno-lint-ignore no-control-regex
    if (!TOKEN.test(name) || /[\0-\x08\n-\x1f\x7f]/.test(value)) return undefined;
    fields.push([name, value]);
  }
  return { method, target: target!, minor: Number(minor), fields };
}

/** The values of a field in one; empty if it is not there. */
export function fieldOf({ fields }: HttpHead, wanted: string): string {
  return fields.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value)
    .join(", ");
}

/**
 * Path and query of the `http://` URL that a request line names, as they are written there: parsers
 * of URLs resolve dots and escape characters, and servers may tell the two spellings apart.
 *
 * @returns Undefined if the URL is none that RFC 3986 knows, though parsers may read it.
 */
export function originForm({ method, target }: HttpHead): string | undefined {
  const [, rest] = /^http:\/\/[^/?#\\]+((?:[/?][^#\0-\x20\x7f]*)?)(?:#.*)?$/i.exec(target) ?? [];
  // RFC 9112, Section 3.2.4: the server itself is meant, and no resource of it.
  if (rest === "") return method === "OPTIONS" ? "*" : "/";
  return rest?.startsWith("?") ? `/${rest}` : rest;
}

/**
 * The head as it goes to the server of its URL: for one exchange, and without what is for the proxy.
 *
 * @param url The URL that the request line named.
 * @param path What to ask for there.
 * @param hop What the proxy calls itself.
 */
export function forwardedHead(head: HttpHead, url: URL, path: string, hop: string): string {
  const named = fieldOf(head, "connection").split(",").map((name) => name.trim().toLowerCase());
  const kept = head.fields.filter(([name]) => {
    const lower = name.toLowerCase();
    return !FOR_ONE_HOP.has(lower) && !named.includes(lower);
  });
  const via = [fieldOf(head, "via"), `1.${head.minor} ${hop}`].filter((part) => part !== "").join(
    ", ",
  );
  // RFC 9112, Section 3.2.2: the host is that of the URL, whatever the field says.
  const fields = [["Host", url.host], ...kept, ["Via", via], ["Connection", "close"]];
  const lines = fields.map(([name, value]) => `${name}: ${value}`);
  // The answer passes as it comes, and a program that speaks HTTP/1.0 cannot read one in chunks.
  return [`${head.method} ${path} HTTP/1.${head.minor}`, ...lines, "", ""].join("\r\n");
}

/**
 * Bytes of content that follow a head.
 *
 * @returns Infinity if that only the content itself tells; undefined if the head contradicts itself.
 */
export function contentLength(head: HttpHead): number | undefined {
  const length = fieldOf(head, "content-length");
  const coding = fieldOf(head, "transfer-encoding");
  // RFC 9112, Section 6.3: both at once are an attempt to smuggle a request, and HTTP/1.0 has no
  // codings.
  if (coding !== "") {
    const isPlain = length === "" && coding.toLowerCase() === "chunked" && head.minor > 0;
    return isPlain ? Infinity : undefined;
  }
  if (length === "") return 0;
  return /^\d{1,15}$/.test(length) ? Number(length) : undefined;
}

/**
 * A response of the proxy itself.
 *
 * @param isHead Whether it answers HEAD.
 */
export function httpAnswer(
  status: number,
  reason: string,
  text: string,
  fields: readonly string[] = [],
  isHead = false,
): Uint8Array<ArrayBuffer> {
  const content = new TextEncoder().encode(`${text}\n`);
  const head = [
    `HTTP/1.1 ${status} ${reason}`,
    ...fields,
    "Content-Type: text/plain; charset=utf-8",
    `Content-Length: ${content.length}`,
    "Connection: close",
    "",
    "",
  ].join("\r\n");
  // RFC 9110, Section 9.3.2: an answer to HEAD has no content, and the length that GET would have.
  return Uint8Array.of(...new TextEncoder().encode(head), ...isHead ? [] : content);
}
