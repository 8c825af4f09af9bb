import { Credential } from "../../src/tls/credential.ts";
import { type Made, make, makeLeaf } from "../tls/authority.ts";

/** A chain of `count` certificates that are `size` bytes together, at least. */
export async function longChain(count: number, size: number): Promise<Credential> {
  const padding = "x".repeat(Math.min(64, size));
  const subject = (i: number) =>
    [`CN=link ${i}`, ...["O", "OU", "L", "ST"].map((key) => `${key}=${padding}`)].join(", ");
  let issuer: Made | undefined;
  const chain: Made[] = [];
  for (let i = 1; i < count; i++) {
    issuer = await make(issuer, { subject: subject(i) });
    chain.unshift(issuer);
  }
  const leaf = await makeLeaf(issuer, { subject: subject(count) });
  const all = [leaf, ...chain];
  const total = all.reduce((sum, { der }) => sum + der.length, 0);
  if (total < size) throw new Error(`Cannot make a long chain: only ${total} bytes`);
  const key = await crypto.subtle.exportKey("pkcs8", leaf.keys.privateKey);
  const pem = `-----BEGIN PRIVATE KEY-----\n${new Uint8Array(key).toBase64()}\n` +
    "-----END PRIVATE KEY-----\n";
  return Credential.fromPem(all.map((made) => made.pem).join("\n"), pem);
}
