import { p256 } from "@noble/curves/nist.js";
import { curve } from "./diffie_hellman.ts";

/**
 * Does once what would make the first handshake slow: curves prove themselves, and tables for
 * signatures are computed. Some 30 ms; calling it is never needed.
 */
export function warmUp(): void {
  curve("x25519");
  curve("p256");
  const key = new Uint8Array(32).fill(1);
  p256.sign(new Uint8Array(32), key);
}
