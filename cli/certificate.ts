import { createHash, createPrivateKey, X509Certificate } from "node:crypto";
import { Failure } from "./failure.ts";

/** A certificate chain and its private key, both PEM. */
export interface KeyPair {
  /** The chain, the server's own certificate first. */
  readonly cert: string;
  /** The private key. */
  readonly key: string;
}

/**
 * Reads fullchain.pem and privkey.pem, and makes sure that they belong together.
 *
 * @param directory The folder they are in.
 */
export async function readKeyPair(directory: string): Promise<KeyPair> {
  const cert = await readPem(`${directory}/fullchain.pem`);
  const key = await readPem(`${directory}/privkey.pem`);
  let fits: boolean;
  try {
    fits = new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  } catch {
    throw new Failure(
      `Cannot use the certificate in ${directory}: make sure that fullchain.pem and privkey.pem are PEM files and the key has no password`,
    );
  }
  if (fits) return { cert, key };
  throw new Failure(
    `Cannot use the certificate in ${directory}: privkey.pem is not the key of fullchain.pem; put the matching pair there`,
  );
}

/**
 * The hash by which browsers can be told to accept a certificate: SHA-256 of its public key, base64.
 *
 * @param cert The certificate, PEM.
 */
export function publicKeyHash(cert: string): string {
  const key = new X509Certificate(cert).publicKey.export({ type: "spki", format: "der" });
  return createHash("sha256").update(key).digest("base64");
}

/**
 * The flags with which Chromium accepts a development certificate for HTTP/3.
 *
 * @param hash The hash of its public key.
 * @param port The server's port.
 */
export function chromiumFlags(hash: string, port: number): string {
  return [
    "--user-data-dir=/tmp/mpquic-chromium",
    `--ignore-certificate-errors-spki-list=${hash}`,
    `--origin-to-force-quic-on=localhost:${port}`,
    `https://localhost:${port}/`,
  ].join(" ");
}

async function readPem(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    const missing = error instanceof Deno.errors.NotFound;
    throw new Failure(
      `Cannot read ${path}: ${
        missing ? "there is no such file" : "it may not be read"
      }; name a folder with fullchain.pem and privkey.pem, or leave -certpath out for a development certificate`,
    );
  }
}
