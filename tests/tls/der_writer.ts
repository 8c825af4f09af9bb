import { concatBytes } from "../../src/bytes/bytes.ts";

/** A value in DER, or what a test wants in its place. */
export type Der = Uint8Array<ArrayBuffer>;

/** A value with its tag and length. */
export function value(tag: number, ...content: Uint8Array[]): Der {
  const body = concatBytes(...content);
  const { length } = body;
  const size = length < 0x80
    ? [length]
    : length < 0x100
    ? [0x81, length]
    : length < 0x1_0000
    ? [0x82, length >>> 8, length & 0xff]
    : [0x83, length >>> 16, (length >>> 8) & 0xff, length & 0xff];
  return concatBytes(Uint8Array.of(tag, ...size), body);
}

export function sequence(...content: Uint8Array[]): Der {
  return value(0x30, ...content);
}

export function set(...content: Uint8Array[]): Der {
  return value(0x31, ...content);
}

/** An explicit tag of the context, around a value. */
export function explicit(number: number, ...content: Uint8Array[]): Der {
  return value(0xa0 | number, ...content);
}

/** An implicit tag of the context, around bytes. */
export function implicit(number: number, ...content: Uint8Array[]): Der {
  return value(0x80 | number, ...content);
}

/** A number that is not negative. */
export function integer(number: number): Der {
  const bytes: number[] = [];
  for (let left = number; left > 0 || bytes.length === 0; left = Math.floor(left / 256)) {
    bytes.unshift(left % 256);
  }
  return value(2, Uint8Array.from(bytes[0]! > 0x7f ? [0, ...bytes] : bytes));
}

export function truth(isTrue: boolean): Der {
  return value(1, Uint8Array.of(isTrue ? 0xff : 0));
}

export function bits(content: Uint8Array, unused = 0): Der {
  return value(3, Uint8Array.of(unused), content);
}

export function octets(content: Uint8Array): Der {
  return value(4, content);
}

export const nothing: Der = value(5);

export function text(tag: number, string: string): Der {
  return value(tag, new TextEncoder().encode(string));
}

/** An object identifier. */
export function oid(dotted: string): Der {
  const [first, second, ...rest] = dotted.split(".").map(Number);
  const bytes = [40 * first! + second!, ...rest].flatMap((arc) => {
    const groups = [arc & 0x7f];
    for (let left = arc >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80);
    return groups;
  });
  return value(6, Uint8Array.from(bytes));
}

/** A Time of a certificate, to the second. */
export function time(milliseconds: number): Der {
  const digits = new Date(milliseconds).toISOString().replace(/[-:T]|\..*/g, "");
  const isShort = digits >= "1950" && digits < "2050";
  return text(isShort ? 0x17 : 0x18, `${isShort ? digits.slice(2) : digits}Z`);
}
