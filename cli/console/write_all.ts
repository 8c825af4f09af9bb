// Writes all bytes: the system takes what it has room for, and a file or a pipe may be asked again.

/**
 * Writes bytes, all of them.
 *
 * @param target What takes them.
 * @param bytes What is written.
 * @throws {Error} If the target is closed or full.
 */
export async function writeAll(
  target: { write(bytes: Uint8Array): Promise<number> },
  bytes: Uint8Array,
): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await target.write(bytes.subarray(at));
}

/**
 * The same at once.
 *
 * @param target What takes them.
 * @param bytes What is written.
 * @throws {Error} If the target is closed or full.
 */
export function writeAllSync(
  target: { writeSync(bytes: Uint8Array): number },
  bytes: Uint8Array,
): void {
  for (let at = 0; at < bytes.length;) at += target.writeSync(bytes.subarray(at));
}
