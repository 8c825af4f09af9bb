/** Small helpers over byte arrays. */

/** No bytes. There is one such array, since each takes 200 bytes of the heap. */
export const NO_BYTES: Uint8Array<ArrayBuffer> = new Uint8Array(0);

/**
 * Gives the memory of an array back at once: what waits for the garbage collector can add up to
 * many times what is in use. The array cannot be read any more.
 */
export function giveBack(array: Uint8Array<ArrayBuffer>): void {
  array.buffer.transfer(0);
}

/**
 * Checks that an application gives bytes, before a length or a copy is made of what it gives.
 *
 * @param doing What cannot be done without, such as "send a datagram".
 * @throws {TypeError} If it is no `Uint8Array`.
 */
export function checkBytes(data: unknown, doing: string): void {
  if (!(data instanceof Uint8Array)) throw new TypeError(`Cannot ${doing}: give a Uint8Array`);
}

/** Whether both hold the same bytes. Not for secrets: it stops at the first difference. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Whether both hold the same bytes, in time that depends on their length alone. */
export function equalSecrets(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ b[i]!;
  return difference === 0;
}

/** All parts behind one another in a new array. */
export function concatBytes(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  let length = 0;
  // Indices instead of iterators, as this is called often by code that runs seldom.
  for (let i = 0; i < parts.length; i++) length += parts[i]!.length;
  const result = new Uint8Array(length);
  let offset = 0;
  for (let i = 0; i < parts.length; i++) {
    result.set(parts[i]!, offset);
    offset += parts[i]!.length;
  }
  return result;
}

/** Lower-case hexadecimal, for people and logs. */
export function toHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += (byte < 16 ? "0" : "") + byte.toString(16);
  return text;
}

/** Reads hexadecimal; white space is passed over. */
export function fromHex(text: string): Uint8Array<ArrayBuffer> {
  const digits = text.replace(/\s+/g, "");
  const bytes = new Uint8Array(digits.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(digits.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}
