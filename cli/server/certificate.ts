// Reads certificates and keys, and shows how browsers accept a development certificate.

import { createHash, createPrivateKey, X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { Failure } from "../console/failure.ts";
import { type Target, targetText } from "../paths/plan_paths.ts";
import { whyNot } from "../console/why_not.ts";

/** A certificate chain and its private key, both PEM. */
export interface KeyPair {
  /** The chain, the server's own certificate first. */
  readonly cert: string;
  /** The private key. */
  readonly key: string;
}

/** Where a certificate chain and its private key are. */
export interface KeyPairFiles {
  /** The file of the chain. */
  readonly cert: string;
  /** The file of the key. */
  readonly key: string;
}

/**
 * Where they are in a folder that is named as a whole.
 *
 * @param directory The folder.
 */
export function keyPairIn(directory: string): KeyPairFiles {
  return { cert: `${directory}/fullchain.pem`, key: `${directory}/privkey.pem` };
}

/**
 * Reads a certificate and its key, and makes sure that they belong together.
 *
 * @param files Where they are.
 */
export async function readKeyPair(files: KeyPairFiles): Promise<KeyPair> {
  const cert = await readPem(files.cert);
  const key = await readPem(files.key);
  let fits: boolean;
  try {
    fits = new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  } catch {
    throw new Failure(
      `Cannot use the certificate ${files.cert}: make sure that it and ${files.key} are PEM files and the key has no password`,
    );
  }
  if (fits) return { cert, key };
  throw new Failure(
    `Cannot use the certificate ${files.cert}: ${files.key} is not the key of it; name the matching pair`,
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
 * @param addresses Where the server listens.
 */
export function chromiumFlags(hash: string, addresses: readonly Target[]): string {
  const target = chromiumTarget(addresses);
  const isMapped = isIP(target.hostname) === 6;
  const origin = targetText(isMapped ? { ...target, hostname: "localhost" } : target);
  return [
    "--user-data-dir=/tmp/mpquic-chromium",
    `--ignore-certificate-errors-spki-list=${hash}`,
    `--origin-to-force-quic-on=${origin}`,
    ...isMapped ? [`"--host-resolver-rules=MAP localhost [${target.hostname}]"`] : [],
    `https://${origin}/`,
  ].join(" ");
}

/**
 * Chromium takes "localhost" for ::1 first, and if it is to use QUIC there, it tries nothing else. So
 * the name is only good where that address is heard; elsewhere the address itself says where to go.
 * IPv6 addresses it does not understand in that flag: they need a name.
 */
function chromiumTarget(addresses: readonly Target[]): Target {
  const { port } = addresses[0]!;
  const hears = (...hostnames: string[]) =>
    addresses.some((one) => hostnames.includes(one.hostname));
  if (hears("::1", "::")) return { hostname: "localhost", port };
  if (hears("127.0.0.1", "0.0.0.0")) return { hostname: "127.0.0.1", port };
  return addresses.find(({ hostname }) => isIP(hostname) === 4) ?? addresses[0]!;
}

async function readPem(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    const reason = whyNot(error, "there is no such file");
    throw new Failure(
      `Cannot read ${path}: ${reason}; name a folder with fullchain.pem and privkey.pem with -certpath, or both files with --cert and --key, or neither for a development certificate`,
    );
  }
}
