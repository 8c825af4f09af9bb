// Keeps the exported keys of one session apart from those of others on the same connection.

import { concatBytes } from "../../bytes/bytes.ts";

/** The label of TLS for what sessions export (WebTransport, Section 4.8). */
export const SESSION_EXPORTER_LABEL = "EXPORTER-WebTransport";

/** Bytes of an application's label, and of its context: their lengths take a byte. */
const MOST = 255;

/**
 * The context that TLS gets (WebTransport, Section 4.8).
 *
 * @param sessionId The ID of the stream of the session's request.
 * @throws {TypeError} If the label is empty, or either is too long.
 */
export function exporterContext(
  sessionId: number,
  label: Uint8Array,
  context: Uint8Array,
): Uint8Array<ArrayBuffer> {
  if (label.length === 0 || label.length > MOST) {
    throw new TypeError(`Cannot export keys for a label of ${label.length} bytes: give 1 to 255`);
  }
  if (context.length > MOST) {
    throw new TypeError(`Cannot export keys for a context of ${context.length} bytes: give 255`);
  }
  const id = new DataView(new ArrayBuffer(8));
  id.setUint32(0, Math.floor(sessionId / 2 ** 32));
  id.setUint32(4, sessionId % 2 ** 32);
  return concatBytes(
    new Uint8Array(id.buffer),
    Uint8Array.of(label.length),
    label,
    Uint8Array.of(context.length),
    context,
  );
}
