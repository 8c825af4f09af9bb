// The name that a server gives a file (RFC 6266), as far as it can be trusted.

import { CurlCode } from "../console/curl_code.ts";
import { Failure } from "../console/failure.ts";
import { printable } from "../console/printable.ts";
import { fieldText } from "../http/field_text.ts";

/**
 * The name in the field `content-disposition`: what stands behind the last slash or backslash. It
 * begins with no dot, as files that do are read by programs, and has no control characters.
 *
 * @param headers The fields of the answer.
 * @returns Undefined if the server names none. `filename*` does not count, as with curl.
 * @throws {Failure} If nothing is left of the name.
 */
export function nameByServer(headers: Headers): string | undefined {
  const field = headers.get("content-disposition");
  const given = field === null ? undefined : parameterOf(fieldText(field));
  if (given === undefined) return undefined;
  const name = given.slice(Math.max(given.lastIndexOf("/"), given.lastIndexOf("\\")) + 1);
  if (name === "" || /^\.+$/.test(name)) {
    throw new Failure(
      `Cannot name a file "${printable(given)}", as the server wants: leave -J out`,
      1,
      CurlCode.Write,
    );
  }
  // Of Windows: what has a meaning in names there.
  const unsafe = Deno.build.os === "windows" ? /[<>:"|?*\p{Cc}\p{Cf}]/gu : /[\p{Cc}\p{Cf}]/gu;
  return name.replace(/^\./, "_").replaceAll(unsafe, "_");
}

/** The parameter `filename`, quoted or not; within quotes a backslash takes the meaning of a sign. */
function parameterOf(field: string): string | undefined {
  for (let rest = field; rest !== "";) {
    rest = rest.replace(/^[^a-zA-Z]+/, "");
    const value = /^filename=([^]*)/.exec(rest)?.[1];
    if (value !== undefined) {
      return /^["']/.test(value) ? unquoted(value) : value.split(";")[0]!.trim();
    }
    rest = rest.replace(/^(?:[^;"]|"(?:[^"\\]|\\[^])*"?)*/, "");
  }
  return undefined;
}

function unquoted(text: string): string {
  let value = "";
  for (let at = 1; at < text.length && text[at] !== text[0]; at++) {
    const isEscape = text[at] === "\\" && (text[at + 1] === "\\" || text[at + 1] === '"');
    if (isEscape) at++;
    value += text[at];
  }
  return value;
}
