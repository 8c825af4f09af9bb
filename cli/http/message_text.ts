// The head of a response as HTTP/1.1 writes it.

import { fieldBytes, fieldText } from "./field_text.ts";

/**
 * Status and fields of an answer as HTTP/1.1 would write them, which is what people read and
 * programs parse.
 *
 * @param protocol What the status line begins with.
 * @param response The answer.
 */
export function responseHead(protocol: string, response: Response): Uint8Array<ArrayBuffer> {
  const lines = [statusLine(protocol, response), ...fieldLines(response.headers)];
  return fieldBytes(lines.map((line) => `${line}\r\n`).join("") + "\r\n");
}

/**
 * A request and its fields, line by line, for people.
 *
 * @param method The method.
 * @param url The URL.
 * @param headers The fields.
 */
export function requestLines(method: string, url: URL, headers: Headers): readonly string[] {
  return [
    `> ${method} ${url.pathname}${url.search}`,
    ...fieldLines(headers).map((line) => `> ${fieldText(line)}`),
  ];
}

/**
 * Status and fields of an answer, line by line, for people.
 *
 * @param protocol What it came over.
 * @param response The answer.
 */
export function responseLines(protocol: string, response: Response): readonly string[] {
  return [statusLine(protocol, response), ...fieldLines(response.headers)]
    .map((line) => `< ${fieldText(line)}`);
}

/** The reason is there where it came, which HTTP/1.1 alone has. */
function statusLine(protocol: string, { status, statusText }: Response): string {
  return statusText === "" ? `${protocol} ${status}` : `${protocol} ${status} ${statusText}`;
}

function fieldLines(headers: Headers): string[] {
  return [...headers].map(([name, value]) => `${name}: ${value}`);
}
