// Reads DER, the encoding of certificates.

/** Thrown by what reads DER, with a reason that fits the end of a sentence. */
export class DerError extends Error {
  /** The name of the class, as errors have it. */
  override readonly name = "DerError";
}

/** Tags of the types that certificates are made of (X.680, Section 8.4). */
export const Tag = {
  Boolean: 0x01,
  Integer: 0x02,
  BitString: 0x03,
  OctetString: 0x04,
  Null: 0x05,
  ObjectIdentifier: 0x06,
  Utf8String: 0x0c,
  NumericString: 0x12,
  PrintableString: 0x13,
  Ia5String: 0x16,
  UtcTime: 0x17,
  GeneralizedTime: 0x18,
  VisibleString: 0x1a,
  UniversalString: 0x1c,
  BmpString: 0x1e,
  Sequence: 0x30,
  Set: 0x31,
} as const;

/** Bit of a tag: values follow within (X.690, Section 8.1.2.5). */
const CONSTRUCTED = 0x20;
/** Bits of a tag: what its number means is said by what is around it (X.690, Section 8.1.2.2). */
const CLASS = 0xc0;
/** The tag number does not fit the first byte (X.690, Section 8.1.2.4). */
const LONG_TAG = 0x1f;

/** A tag with a number of its own context. */
export function contextTag(number: number, isConstructed: boolean): number {
  return 0x80 | number | (isConstructed ? CONSTRUCTED : 0);
}

/**
 * Checks that `bytes` are one value in DER, with nothing behind it, and so is each value within:
 * lengths are definite and as short as they can be, strings in one piece, truth values 0 or 255,
 * integers and object identifiers without padding (X.690, Sections 8.3.2, 8.19.2, 10.1, 10.2 and
 * 11.1).
 *
 * It goes through them in one loop, however deep they are nested.
 *
 * @throws {DerError} What is wrong.
 */
export function checkDer(bytes: Uint8Array): void {
  /** Where the values end that are open, the innermost last. */
  const ends = [bytes.length];
  let at = 0;
  let roots = 0;
  for (;;) {
    while (ends.length > 1 && at === ends[ends.length - 1]) ends.pop();
    if (ends.length === 1) {
      if (at === bytes.length && roots === 1) return;
      if (++roots > 1) throw new DerError("bytes follow the end of a value");
    }
    const tag = bytes[at]!;
    const start = contentStart(bytes, at);
    const end = start + contentLength(bytes, at);
    if (end > ends[ends.length - 1]!) throw new DerError("a value is longer than what holds it");
    const isConstructed = (tag & CONSTRUCTED) !== 0;
    if ((tag & CLASS) === 0) checkUniversal(tag, bytes, start, end);
    if (isConstructed) ends.push(end);
    at = isConstructed ? start : end;
  }
}

/** Checks what X.690 says of the type that a universal tag names. */
function checkUniversal(tag: number, bytes: Uint8Array, start: number, end: number): void {
  const length = end - start;
  switch (tag) {
    case Tag.Boolean:
      if (length === 1 && (bytes[start] === 0 || bytes[start] === 0xff)) return;
      throw new DerError("a truth value is neither true nor false");
    case Tag.Integer:
      if (length > 0 && !isPadded(bytes, start, length)) return;
      throw new DerError("an integer is written longer than it must be");
    case Tag.BitString:
      if (length > 0 && areUnusedBitsZero(bytes, start, length)) return;
      throw new DerError("a bit string has unused bits that are not zero");
    case Tag.Null:
      if (length === 0) return;
      throw new DerError("a null value is not empty");
    case Tag.ObjectIdentifier:
      if (isIdentifier(bytes, start, end)) return;
      throw new DerError("an object identifier is not well-formed");
    case Tag.Sequence:
    case Tag.Set:
      return;
  }
  // Sequences and sets have values within, and no other universal type that is in use has.
  if ((tag & CONSTRUCTED) !== 0) throw new DerError("a string is in pieces");
  if ((tag & LONG_TAG) === 0x10 || (tag & LONG_TAG) === 0x11 || tag === 0) {
    throw new DerError("a tag has no meaning");
  }
}

/** X.690, Section 8.3.2: the first nine bits are neither all zero nor all one. */
function isPadded(bytes: Uint8Array, start: number, length: number): boolean {
  if (length < 2) return false;
  const first = bytes[start]!;
  const sign = bytes[start + 1]! >>> 7;
  return (first === 0 && sign === 0) || (first === 0xff && sign === 1);
}

/** X.690, Sections 8.6.2 and 11.2.1. */
function areUnusedBitsZero(bytes: Uint8Array, start: number, length: number): boolean {
  const unused = bytes[start]!;
  if (unused === 0) return true;
  const last = bytes[start + length - 1]!;
  return length > 1 && unused < 8 && (last & ((1 << unused) - 1)) === 0;
}

/** X.690, Section 8.19.2: each arc in as few bytes as it takes, the last one whole. */
function isIdentifier(bytes: Uint8Array, start: number, end: number): boolean {
  if (start === end || bytes[end - 1]! > 0x7f) return false;
  for (let at = start; at < end; at++) {
    const isFirst = at === start || bytes[at - 1]! < 0x80;
    if (isFirst && bytes[at] === 0x80) return false;
  }
  return true;
}

/** Where the content of the value at `at` begins. */
function contentStart(bytes: Uint8Array, at: number): number {
  if ((bytes[at]! & LONG_TAG) === LONG_TAG) throw new DerError("a tag is too long");
  const length = bytes[at + 1];
  if (length === undefined) throw new DerError("a value is cut");
  return at + 2 + (length > 0x80 ? length & 0x7f : 0);
}

function contentLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at + 1]!;
  if (first < 0x80) return first;
  const count = first & 0x7f;
  if (count === 0 || count > 3) throw new DerError("a length is without end or too long");
  let length = 0;
  for (let i = 0; i < count; i++) length = length << 8 | (bytes[at + 2 + i] ?? 0);
  const least = count === 1 ? 0x80 : 1 << 8 * (count - 1);
  if (length < least) throw new DerError("a length is written longer than it must be");
  return length;
}

/** A cursor over values in DER that are beside one another. */
export class DerReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  /** @param bytes Nothing but values. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Reads what holds one value alone, into which it goes. */
  static inside(bytes: Uint8Array, tag: number): DerReader {
    const outer = new DerReader(bytes);
    const inner = outer.enter(tag);
    outer.expectEnd();
    return inner;
  }

  /** The tag of the next value; -1 at the end. */
  get tag(): number {
    return this.#bytes[this.#at] ?? -1;
  }

  /** Whether nothing is left. */
  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** The content of the next value, which must have this tag, as a view. */
  content(tag: number): Uint8Array {
    this.#expect(tag);
    const start = contentStart(this.#bytes, this.#at);
    return this.#bytes.subarray(start, this.#pass());
  }

  /** The next value, which must have this tag, with tag and length, as a view. */
  element(tag: number): Uint8Array {
    this.#expect(tag);
    const start = this.#at;
    return this.#bytes.subarray(start, this.#pass());
  }

  /** A cursor over what is within the next value, which must have this tag. */
  enter(tag: number): DerReader {
    return new DerReader(this.content(tag));
  }

  /** A truth value that is false if left out. */
  flag(): boolean {
    return this.tag === Tag.Boolean && this.content(Tag.Boolean)[0] === 0xff;
  }

  /** Refuses what follows. */
  expectEnd(): void {
    if (!this.isAtEnd) throw new DerError("a value is followed by one that does not belong there");
  }

  #expect(tag: number): void {
    if (this.tag === tag) return;
    throw new DerError(this.isAtEnd ? "a value is missing" : "a value is of another type");
  }

  #pass(): number {
    const end = contentStart(this.#bytes, this.#at) + contentLength(this.#bytes, this.#at);
    if (end > this.#bytes.length) throw new DerError("a value is longer than what holds it");
    return this.#at = end;
  }
}

/** A number that is not negative; those above 2^31 are taken for 2^31. */
export function readCount(content: Uint8Array): number {
  if ((content[0] ?? 0x80) > 0x7f) throw new DerError("a number is negative");
  if (content.length > 4) return 0x8000_0000;
  return content.reduce((number, byte) => number * 256 + byte, 0);
}

/** The bytes of a bit string that consists of whole bytes. */
export function readWholeBits(content: Uint8Array): Uint8Array {
  if (content[0] !== 0) throw new DerError("a bit string does not consist of bytes");
  return content.subarray(1);
}
