// UDP payloads in HTTP datagrams: the context in front of them (RFC 9298).

/** RFC 9298: the context of UDP payloads, in one byte. */
const UDP_CONTEXT = 0;

/** RFC 9298, Section 5: more is no UDP payload, and ends the tunnel. */
export const MOST_PAYLOAD = 65_527;

/**
 * The UDP payload of an HTTP datagram.
 *
 * @returns Undefined if it is of a context that was not agreed on, or has none.
 */
export function payloadOf(data: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> | undefined {
  // RFC 9000, Section 16: 0 may be written in 1, 2, 4 or 8 bytes.
  const size = 1 << ((data[0] ?? 0) >>> 6);
  if (data.length < size) return undefined;
  let context = data[0]! & 0x3f;
  for (let i = 1; i < size; i++) context |= data[i]!;
  return context === UDP_CONTEXT ? data.subarray(size) : undefined;
}

/** An HTTP datagram with a UDP payload. */
export function withContext(payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const data = new Uint8Array(payload.length + 1);
  data.set(payload, 1);
  return data;
}
