import { rootCertificates } from "node:tls";
import { readEnvironment, readFileIfGranted } from "./environment.ts";

let roots: readonly string[] | undefined;

/**
 * The root certificates to trust when nobody names others, as PEM texts. They come from the file
 * that `SSL_CERT_FILE` names, else from the runtime; those in `DENO_CERT` are trusted in addition.
 * Read once, when first needed.
 */
export function defaultRoots(): readonly string[] {
  return roots ??= loadRoots();
}

/** As `defaultRoots`, without remembering. */
export function loadRoots(): readonly string[] {
  const main = pemBlocks(readEnvironment("SSL_CERT_FILE"));
  const more = pemBlocks(readEnvironment("DENO_CERT"));
  return [...(main.length > 0 ? main : rootCertificates), ...more];
}

/** All certificates in a PEM text. */
export function splitPem(text: string): string[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g);
  return blocks ? blocks.map((block) => `${block}\n`) : [];
}

function pemBlocks(path: string | undefined): string[] {
  const text = path === undefined ? undefined : readFileIfGranted(path);
  return text === undefined ? [] : splitPem(text);
}
