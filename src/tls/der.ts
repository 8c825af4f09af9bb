/** Thrown by what reads DER, with a reason that goes into a sentence. */
export class DerError extends Error {
  /** The name of the class, as errors have it. */
  override readonly name = "DerError";
}

/** Bit of a tag: values follow within (X.690, Section 8.1.2.5). */
const CONSTRUCTED = 0x20;
/** The tag number does not fit the first byte (X.690, Section 8.1.2.4). */
const LONG_TAG = 0x1f;
const BOOLEAN = 0x01;

/**
 * Checks that `bytes` are one value in DER, with nothing behind it, and so is each value within:
 * lengths that are definite and as short as they can be (X.690, Section 10.1), truth values that
 * are 0 or 255 (X.690, Section 11.1).
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
    if (tag === BOOLEAN && (end - start !== 1 || (bytes[start]! + 1 & 0xff) > 1)) {
      throw new DerError("a truth value is neither true nor false");
    }
    if (tag & CONSTRUCTED) ends.push(end);
    at = tag & CONSTRUCTED ? start : end;
  }
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
