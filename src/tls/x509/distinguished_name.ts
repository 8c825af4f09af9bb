// The names of subjects and issuers in certificates (RFC 5280, Section 4.1.2.4).

import { toHex } from "../../bytes/bytes.ts";
import { DerError, type DerReader, Tag } from "./der.ts";
import { identifier, identifierText } from "./object_identifier.ts";

/** Characters of a name that a message to people shows. */
const MAX_SHOWN = 200;

const labels: ReadonlyMap<string, string> = new Map([
  [identifier("2.5.4.3"), "CN"],
  [identifier("2.5.4.5"), "serialNumber"],
  [identifier("2.5.4.6"), "C"],
  [identifier("2.5.4.7"), "L"],
  [identifier("2.5.4.8"), "ST"],
  [identifier("2.5.4.10"), "O"],
  [identifier("2.5.4.11"), "OU"],
  [identifier("0.9.2342.19200300.100.1.25"), "DC"],
]);
const emailAddress = identifier("1.2.840.113549.1.9.1");

/** One attribute of a name: a common name, a country. */
interface Attribute {
  readonly type: string;
  /** What is compared: a letter for its kind, and its value. */
  readonly key: string;
  /** What people see. */
  readonly text: string;
}

/**
 * The name of a certificate's subject or issuer (RFC 5280, Section 4.1.2.4), as it is compared: by
 * RFC 5280, Section 7.1, neither case nor the amount of white space counts, nor which kind of
 * string holds the same characters.
 */
export class DistinguishedName {
  /** A text that is equal for equal names only. */
  readonly key: string;
  /** Such a text for each part of the name, the most general part first. */
  readonly parts: readonly string[];
  /** Mail addresses among its attributes (RFC 5280, Section 4.1.2.6). */
  readonly emails: readonly string[];
  readonly #names: readonly (readonly Attribute[])[];

  private constructor(names: readonly (readonly Attribute[])[]) {
    this.#names = names;
    // JSON has no line feed in it, so the parts cannot run into one another.
    this.parts = names.map((attributes) =>
      JSON.stringify(attributes.map(({ type, key }) => `${type} ${key}`).sort())
    );
    this.key = this.parts.join("\n");
    this.emails = names.flat().filter(({ type }) => type === emailAddress).map(({ text }) => text);
  }

  /** Reads the next value. */
  static read(reader: DerReader): DistinguishedName {
    const names: Attribute[][] = [];
    const sequence = reader.enter(Tag.Sequence);
    while (!sequence.isAtEnd) names.push(readAttributes(sequence));
    return new DistinguishedName(names);
  }

  /** Whether it names nothing. */
  get isEmpty(): boolean {
    return this.parts.length === 0;
  }

  /** Whether it is `base` or below it. */
  isWithin(base: DistinguishedName): boolean {
    return this.parts.length >= base.parts.length &&
      base.parts.every((part, i) => part === this.parts[i]);
  }

  /** For people. */
  get text(): string {
    if (this.isEmpty) return "an empty name";
    const shown = this.#names.flat().slice(0, 16).map(({ type, text }) =>
      `${labels.get(type) ?? identifierText(type)}=${text}`
    );
    return printable(shown.join(", "));
  }
}

/** A text of a peer's as far as it can be shown: without what moves a cursor or turns lines. */
export function printable(text: string): string {
  const clean = text.slice(0, MAX_SHOWN).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "?");
  return text.length > MAX_SHOWN ? `${clean}…` : clean;
}

function readAttributes(reader: DerReader): Attribute[] {
  const attributes: Attribute[] = [];
  const set = reader.enter(Tag.Set);
  do {
    const pair = set.enter(Tag.Sequence);
    const type = toHex(pair.content(Tag.ObjectIdentifier));
    const { tag } = pair;
    const content = pair.content(tag);
    pair.expectEnd();
    const text = decode(tag, content);
    const key = text === undefined ? `${tag} ${toHex(content)}` : foldedText(text);
    attributes.push({ type, key, text: text ?? `#${toHex(content.subarray(0, 16))}` });
  } while (!set.isAtEnd);
  return attributes;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const utf16 = new TextDecoder("utf-16be", { fatal: true, ignoreBOM: true });

/** The characters of a string; `undefined` if its type does not define them. */
function decode(tag: number, content: Uint8Array): string | undefined {
  try {
    switch (tag) {
      case Tag.Utf8String:
        return utf8.decode(content);
      case Tag.PrintableString:
      case Tag.NumericString:
      case Tag.VisibleString:
      case Tag.Ia5String:
        return content.every((byte) => byte < 0x80) ? utf8.decode(content) : undefined;
      case Tag.BmpString:
        return utf16.decode(content);
      case Tag.UniversalString:
        return decodeUtf32(content);
    }
    return undefined;
  } catch {
    throw new DerError("a string holds what is no character");
  }
}

function decodeUtf32(content: Uint8Array): string {
  const view = new DataView(content.buffer, content.byteOffset, content.length);
  let text = "";
  for (let at = 0; at < content.length; at += 4) text += String.fromCodePoint(view.getUint32(at));
  return text;
}

/** Unicode's letters of no width and controls: RFC 4518, Section 2.2 leaves them out. */
const ignored =
  /[\u00ad\u034f\u1806\u180b-\u180e\ufe00-\ufe0f\ufffc\u200b]|(?![\t-\r\u0085])[\p{Cc}\p{Cf}]/gu;
/** RFC 4518, Section 2.4: with one of these a value is equal to none. */
const prohibited = /[\p{Cn}\p{Co}\p{Cs}\ufffd]/u;

/**
 * What is the same for all texts that RFC 5280, Section 7.1 calls equal (RFC 4518, Section 2): in
 * one case, in compatible characters, each run of spaces as one and none at the ends.
 */
function foldedText(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return `t${spaced(text.toLowerCase())}`;
  if (prohibited.test(text)) return `p${text}`;
  const mapped = text.replace(ignored, "").replace(/[\s\p{Z}\u0085]/gu, " ");
  // Both ways, as there are letters whose capital is that of another.
  const folded = mapped.normalize("NFKC").toUpperCase().toLowerCase();
  return `t${spaced(folded.normalize("NFKC"))}`;
}

function spaced(text: string): string {
  return text.trim().replace(/ {2,}/g, " ");
}
