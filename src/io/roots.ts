// The certificates of authorities that this machine trusts.

import { rootCertificates } from "node:tls";
import { readEnvironment, readFileIfGranted } from "./environment.ts";

/** Where systems keep all certificates of their authorities in one file, in the order of search. */
export const SYSTEM_BUNDLES: readonly string[] = [
  "/etc/ssl/certs/ca-certificates.crt", // Debian, Arch, Gentoo
  "/etc/pki/tls/certs/ca-bundle.crt", // Fedora
  "/etc/ssl/ca-bundle.pem", // openSUSE
  "/etc/ssl/cert.pem", // macOS, Alpine, BSD
];

let roots: readonly string[] | undefined;

/**
 * The root certificates to trust when no others are named, as PEM texts. They come from the file
 * that `SSL_CERT_FILE` names, else from the runtime, else from the file where the system keeps its
 * own, whichever we are allowed to read; those in `DENO_CERT` are trusted in addition. Without any
 * such permission there are none. Read once, when first needed; never prompts.
 */
export function grantedRoots(): readonly string[] {
  if (roots) return roots;
  const found = loadRoots();
  if (found.length > 0) roots = found; // a permission may still be granted later
  return found;
}

/**
 * As `grantedRoots`, where there must be some.
 *
 * @throws {TypeError} If none may be read; the message names the permissions.
 */
export function defaultRoots(): readonly string[] {
  const found = grantedRoots();
  if (found.length > 0) return found;
  throw new TypeError(
    "Cannot check the certificate of a server: no root certificates may be read; run with " +
      "--allow-sys for those of the runtime, with --allow-read=FILE for those of the system " +
      `(such as ${SYSTEM_BUNDLES[0]}), or name the authorities to trust`,
  );
}

/**
 * As `grantedRoots`, without remembering.
 *
 * @param bundles Files of the system, the first that can be read counts.
 */
export function loadRoots(bundles: readonly string[] = SYSTEM_BUNDLES): readonly string[] {
  const named = pemBlocks(readEnvironment("SSL_CERT_FILE"));
  const more = pemBlocks(readEnvironment("DENO_CERT"));
  return [...(named.length > 0 ? named : runtimeRoots() ?? systemRoots(bundles)), ...more];
}

/** All certificates in a PEM text. */
export function splitPem(text: string): string[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g);
  return blocks ? blocks.map((block) => `${block}\n`) : [];
}

/** The runtime asks for all of `--allow-sys`: no name for its roots can be given on a command line. */
function runtimeRoots(): readonly string[] | undefined {
  return Deno.permissions.querySync({ name: "sys" }).state === "granted"
    ? rootCertificates
    : undefined;
}

function systemRoots(bundles: readonly string[]): readonly string[] {
  for (const path of bundles) {
    const blocks = pemBlocks(path);
    if (blocks.length > 0) return blocks;
  }
  return [];
}

function pemBlocks(path: string | undefined): string[] {
  const text = path === undefined ? undefined : readFileIfGranted(path);
  return text === undefined ? [] : splitPem(text);
}
