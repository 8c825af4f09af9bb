import fc from "fast-check";

/** One change to bytes; places are counted from the beginning and wrap around. */
interface Edit {
  readonly kind: "flip" | "set" | "cut" | "double" | "insert";
  readonly at: number;
  readonly value: number;
}

const edits = fc.array(
  fc.record<Edit>({
    kind: fc.constantFrom("flip", "set", "cut", "double", "insert"),
    at: fc.nat(2_000),
    value: fc.oneof(fc.constantFrom(0, 1, 0x3f, 0x40, 0x7f, 0x80, 0xbf, 0xc0, 0xff), fc.nat(255)),
  }),
  { maxLength: 4 },
);

/** Bytes near to what a peer might really send, and now and then anything at all. */
export function hostile(samples: readonly Uint8Array[], maxLength = 300): fc.Arbitrary<Uint8Array> {
  const noise = fc.uint8Array({ maxLength }) as fc.Arbitrary<Uint8Array>;
  if (samples.length === 0) return noise;
  const changed = fc.tuple(fc.nat(samples.length - 1), edits).map(([index, list]) =>
    list.reduce(applied, samples[index]!.slice())
  );
  return fc.oneof({ weight: 4, arbitrary: changed }, { weight: 1, arbitrary: noise });
}

function applied(bytes: Uint8Array, { kind, at, value }: Edit): Uint8Array {
  const place = at % Math.max(1, bytes.length);
  switch (kind) {
    case "cut":
      return bytes.slice(0, place);
    case "double":
      return joined(bytes, bytes.subarray(place, place + value));
    case "insert":
      return joined(bytes.subarray(0, place), Uint8Array.of(value), bytes.subarray(place));
    default: {
      const result = bytes.slice();
      if (result.length > 0) result[place] = kind === "set" ? value : result[place]! ^ value;
      return result;
    }
  }
}

function joined(...parts: Uint8Array[]): Uint8Array {
  const result = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}
