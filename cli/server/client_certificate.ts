// Certificates by which clients say which users they are.

import { X509Certificate } from "node:crypto";
import { Failure } from "../console/failure.ts";
import { unreadable } from "../console/unreadable.ts";

/** Characters of a name of a user. */
const LONGEST_NAME = 128;
/** What a name must not have, as it stands in logs: signs that control others, or that are unknown. */
const UNFIT = /\p{C}/u;

/** Names that were found before. */
const users = new WeakMap<Uint8Array, string>();

/**
 * The user that a certificate names: by the one common name of its subject, or by its one other name;
 * without either it is known by its hash.
 *
 * @param der The certificate, whose authority is known to be one of ours.
 */
export function userOf(der: Uint8Array): string {
  let user = users.get(der);
  if (user === undefined) users.set(der, user = nameIn(der));
  return user;
}

function nameIn(der: Uint8Array): string {
  const certificate = new X509Certificate(der);
  // Not the text of the subject, in which an organisation could write what looks like a common name.
  const { CN: common } = certificate.toLegacyObject().subject as unknown as Record<string, unknown>;
  const [, other] = /^(?:email|DNS|URI):([^,]+)$/.exec(certificate.subjectAltName ?? "") ?? [];
  const name = typeof common === "string" ? common : other;
  if (name !== undefined && name !== "" && name.length <= LONGEST_NAME && !UNFIT.test(name)) {
    return name;
  }
  return `sha256:${certificate.fingerprint256.replaceAll(":", "").toLowerCase()}`;
}

/**
 * Reads the certificates of authorities.
 *
 * @param path Their file, PEM.
 * @throws {Failure} If it cannot be read, or holds no certificate.
 */
export async function readAuthorities(path: string): Promise<string> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    throw unreadable(error, path, "--client-ca");
  }
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  try {
    if (blocks.length === 0) throw new Error();
    for (const block of blocks) new X509Certificate(block);
  } catch {
    throw new Failure(
      `Cannot use the authority ${path}: it must have certificates in PEM, and nothing else`,
    );
  }
  return text;
}
