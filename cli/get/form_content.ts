// The content of forms (RFC 7578).

import { UsageError } from "../console/failure.ts";
import { contentType } from "../http/content_type.ts";
import type { ContentPart } from "../http/request_content.ts";

/** Content in parts, and the type that says how they are separated. */
export interface FormContent {
  /** The value of Content-Type. */
  readonly type: string;
  /** Bytes and files, one behind the other. */
  readonly parts: readonly ContentPart[];
}

/** A part of a form as the user writes it. */
export interface FormField {
  /** `NAME=TEXT`, `NAME=@FILE` or `NAME=<FILE`, with `;type=` and `;filename=` behind it. */
  readonly text: string;
  /** Whether everything behind the first "=" is the value. */
  readonly isLiteral: boolean;
}

/**
 * Makes the content of a form.
 *
 * @param fields Its parts.
 * @param boundary What separates them; it must not occur in them.
 */
export function formContent(fields: readonly FormField[], boundary: string): FormContent {
  const parts = fields.flatMap((field): ContentPart[] => {
    const { name, value, path, type, filename } = readField(field);
    const file = filename === undefined ? "" : `; filename="${escaped(filename)}"`;
    const about = type === undefined ? "" : `Content-Type: ${type}\r\n`;
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${
      escaped(name)
    }"${file}\r\n${about}\r\n`;
    return [utf8(head), path === undefined ? utf8(value) : { path }, utf8("\r\n")];
  });
  return {
    type: `multipart/form-data; boundary=${boundary}`,
    parts: [...parts, utf8(`--${boundary}--\r\n`)],
  };
}

interface ReadField {
  readonly name: string;
  readonly value: string;
  readonly path: string | undefined;
  readonly type: string | undefined;
  readonly filename: string | undefined;
}

function readField({ text, isLiteral }: FormField): ReadField {
  const at = text.indexOf("=");
  if (at < 1) {
    throw new UsageError(
      `Cannot use "${text}" for -F: write NAME=TEXT, NAME=@FILE or NAME=<FILE`,
    );
  }
  const name = text.slice(0, at);
  const rest = text.slice(at + 1);
  const nothing = { path: undefined, type: undefined, filename: undefined };
  if (isLiteral) return { ...nothing, name, value: rest };
  const [value, options] = splitOptions(rest);
  const { type, filename } = options;
  const sign = value[0];
  if (sign !== "@" && sign !== "<") return { name, value, path: undefined, type, filename };
  const path = value.slice(1);
  const own = path === "-"
    ? "-"
    : path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
  return sign === "<"
    ? { name, value: "", path, type, filename }
    : { name, value: "", path, type: type ?? contentType(own), filename: filename ?? own };
}

/** What stands behind the value: `;type=...` and `;filename=...`, in any order. */
function splitOptions(
  text: string,
): [value: string, options: { type?: string; filename?: string }] {
  const options: { type?: string; filename?: string } = {};
  let value = text;
  for (
    let found;
    (found = /^([^]*);(type|filename)=((?:(?!;type=|;filename=)[^])*)$/.exec(value));
  ) {
    options[found[2] as "type" | "filename"] = unquoted(found[3]!);
    value = found[1]!;
  }
  const [, sign, rest] = /^([@<]?)([^]*)$/.exec(value)!;
  return [`${sign}${unquoted(rest!)}`, options];
}

/** As curl, within quotes: a backslash stands before a quote or a backslash that is meant. */
function unquoted(text: string): string {
  const within = /^"([^]*)"$/.exec(text)?.[1];
  return within === undefined ? text : within.replaceAll(/\\(["\\])/g, "$1");
}

/** RFC 7578, Section 4.2, as browsers do: what would end the name is percent-encoded. */
function escaped(text: string): string {
  return text.replaceAll('"', "%22").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
