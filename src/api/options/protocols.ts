// Checks the protocols (ALPN) that an application names.

/** Bytes of a protocol's name, and of all names together: both ends must take in the ClientHello. */
const MAX_PROTOCOL = 255;
const MAX_PROTOCOLS = 16_384;

/**
 * Sees whether names of protocols can be told (RFC 7301, Section 3.1).
 *
 * @param what What cannot be done otherwise, for the sentence.
 * @throws {TypeError} If one is empty or too long, or there are too many.
 */
export function checkProtocols(what: string, names: readonly string[]): void {
  let total = 0;
  for (const name of names) {
    const { length } = new TextEncoder().encode(name);
    if (length < 1 || length > MAX_PROTOCOL) {
      throw new TypeError(
        `Cannot ${what}: a name in alpnProtocols has ${length} bytes, not 1 to ${MAX_PROTOCOL}`,
      );
    }
    total += 1 + length;
  }
  if (total <= MAX_PROTOCOLS) return;
  throw new TypeError(`Cannot ${what}: alpnProtocols are longer than ${MAX_PROTOCOLS} bytes`);
}
