/** So many bytes, each of which tells its place. */
export function payloadOf(count: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(count);
  for (let i = 0; i < count; i++) bytes[i] = i % 251;
  return bytes;
}

/** Whether these are the bytes that `payloadOf` gives. */
export function isPayload(bytes: Uint8Array, count: number): boolean {
  return bytes.length === count && bytes.every((byte, i) => byte === i % 251);
}
