import { type Made, make, makeLeaf } from "../tls/authority.ts";

/** A chain of certificates for localhost, its own first, as PEM. */
export interface LongChain {
  readonly certPem: string;
  readonly keyPem: string;
  /** The last of the chain. */
  readonly caPem: string;
}

/** Makes a chain of `count` certificates that are `size` bytes together, at least. */
export async function longChain(count: number, size: number): Promise<LongChain> {
  const padding = "x".repeat(64);
  const now = Date.now();
  const dates = { notBefore: now - 86_400_000, notAfter: now + 86_400_000 };
  const subject = (i: number) =>
    [`CN=link ${i}`, ...["O", "OU", "L", "ST"].map((key) => `${key}=${padding}`)].join(", ");
  const chain: Made[] = [];
  for (let i = 1; i < count; i++) {
    chain.unshift(await make(chain[0], { subject: subject(i), ...dates }));
  }
  const names = [{ type: "dns", value: "localhost" }] as const;
  chain.unshift(await makeLeaf(chain[0], { subject: subject(count), names, ...dates }));
  const total = chain.reduce((sum, { der }) => sum + der.length, 0);
  if (total < size) throw new Error(`Cannot make a long chain: only ${total} bytes`);
  const key = await crypto.subtle.exportKey("pkcs8", chain[0]!.keys.privateKey);
  const lines = new Uint8Array(key).toBase64();
  return {
    certPem: chain.map(({ pem }) => `${pem}\n`).join(""),
    keyPem: `-----BEGIN PRIVATE KEY-----\n${lines}\n-----END PRIVATE KEY-----\n`,
    caPem: `${chain.at(-1)!.pem}\n`,
  };
}
