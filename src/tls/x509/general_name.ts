// The names that certificates are issued for.

import { DistinguishedName, printable } from "./distinguished_name.ts";
import { contextTag, DerError, DerReader, Tag } from "./der.ts";
import { formatIpAddress } from "../../bytes/ip_address.ts";

/** A name of one of the forms that certificates know (RFC 5280, Section 4.2.1.6). */
export type GeneralName =
  | { readonly form: "dns" | "email" | "uri"; readonly text: string }
  | { readonly form: "ip"; readonly bytes: Uint8Array }
  | { readonly form: "directory"; readonly name: DistinguishedName }
  | { readonly form: "other" | "x400" | "ediParty" | "registered" };

/** Which form a name has. */
export type NameForm = GeneralName["form"];

const OTHER = contextTag(0, true);
const EMAIL = contextTag(1, false);
const DNS = contextTag(2, false);
const X400 = contextTag(3, true);
const DIRECTORY = contextTag(4, true);
const EDI_PARTY = contextTag(5, true);
const URI = contextTag(6, false);
const IP = contextTag(7, false);
const REGISTERED = contextTag(8, false);

/** Reads the next value. */
export function readGeneralName(reader: DerReader): GeneralName {
  const { tag } = reader;
  const content = reader.content(tag);
  switch (tag) {
    case EMAIL:
      return { form: "email", text: ascii(content) };
    case DNS:
      return { form: "dns", text: ascii(content) };
    case URI:
      return { form: "uri", text: ascii(content) };
    case IP:
      return { form: "ip", bytes: content };
    case DIRECTORY: {
      const inner = new DerReader(content);
      const name = DistinguishedName.read(inner);
      inner.expectEnd();
      return { form: "directory", name };
    }
    case OTHER: {
      const inner = new DerReader(content);
      inner.content(Tag.ObjectIdentifier);
      inner.content(contextTag(0, true));
      inner.expectEnd();
      return { form: "other" };
    }
    case X400:
      return { form: "x400" };
    case EDI_PARTY:
      return { form: "ediParty" };
    case REGISTERED:
      return { form: "registered" };
  }
  throw new DerError("a name is of no form that is known");
}

/** A name for people. */
export function nameText(name: GeneralName): string {
  switch (name.form) {
    case "dns":
    case "email":
    case "uri":
      return printable(name.text) || "an empty name";
    case "ip":
      return name.bytes.length === 4 || name.bytes.length === 16
        ? formatIpAddress(name.bytes)
        : "what is no address";
    case "directory":
      return name.name.text;
  }
  return `a name of form ${name.form}`;
}

/** Whether it is a host name, or a domain (RFC 1034, Section 3.5), with the underscore in use. */
export function isHostName(text: string): boolean {
  return text.length <= 253 && /^[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$/i.test(text);
}

function ascii(content: Uint8Array): string {
  let text = "";
  for (const byte of content) {
    if (byte > 0x7f) throw new DerError("a name holds bytes that are no ASCII");
    text += String.fromCharCode(byte);
  }
  return text;
}
