// The files that say which servers a client trusts, and which user it is.

import { X509Certificate } from "node:crypto";
import { RevocationLists } from "../../mod.ts";
import { CurlCode } from "../console/curl_code.ts";
import { Failure } from "../console/failure.ts";
import { unreadable } from "../console/unreadable.ts";
import type { CarrierChoices } from "./carrier_choices.ts";

/** What is in the files, as options of the library. */
export interface Trust {
  /** Certificates to trust in addition to the usual ones, PEM. */
  readonly caCerts: readonly string[];
  /** Our own certificate and its key, PEM; undefined for none. */
  readonly identity: { readonly cert: string; readonly key: string } | undefined;
  /** What authorities have revoked; undefined if that is not asked. */
  readonly revocation: RevocationLists | undefined;
}

/** Which files they are. */
export type TrustFiles = Pick<CarrierChoices, "caCert" | "cert" | "key" | "crlFile">;

/**
 * Reads the files.
 *
 * @param choices Which they are.
 * @throws {Failure} If one cannot be read, or not be used.
 */
export async function readTrust(
  { caCert, cert, key, crlFile }: TrustFiles,
): Promise<Trust> {
  return {
    caCerts: caCert === undefined ? [] : [await readAuthority(caCert)],
    identity: cert === undefined ? undefined : await readIdentity(cert, key ?? cert),
    revocation: crlFile === undefined ? undefined : await readLists(crlFile),
  };
}

async function readAuthority(path: string): Promise<string> {
  const text = await read(path, "--cacert", CurlCode.Authority);
  checkCertificates(text, path, "--cacert", CurlCode.Authority);
  return text;
}

/** Fails unless a file holds a certificate in PEM. */
function checkCertificates(text: string, path: string, flag: string, code: number): void {
  try {
    new X509Certificate(text);
  } catch {
    throw new Failure(
      `Cannot use ${path}: name a file of PEM certificates with ${flag}`,
      1,
      code,
    );
  }
}

const KEY = /-----BEGIN (\w+ )?PRIVATE KEY-----[\s\S]+?-----END \1?PRIVATE KEY-----/;

/** As with curl, one file may hold both. */
async function readIdentity(
  certPath: string,
  keyPath: string,
): Promise<NonNullable<Trust["identity"]>> {
  const cert = await read(certPath, "--cert", CurlCode.OwnCertificate);
  const text = await read(keyPath, "--key", CurlCode.OwnCertificate);
  const [key] = KEY.exec(text) ?? [];
  if (key === undefined || /^-----BEGIN ENCRYPTED/.test(key)) {
    throw new Failure(
      `Cannot use ${keyPath}: name the file of a private key in PEM, without a password, with --key`,
      1,
      CurlCode.OwnCertificate,
    );
  }
  checkCertificates(cert, certPath, "--cert", CurlCode.OwnCertificate);
  return { cert, key };
}

async function readLists(path: string): Promise<RevocationLists> {
  const text = await read(path, "--crlfile", CurlCode.RevocationLists);
  try {
    return new RevocationLists([text]);
  } catch (error) {
    const { message } = error as Error;
    const told = message.replace(/the revocation list \d+/, `the revocation list ${path}`);
    throw new Failure(told, 1, CurlCode.RevocationLists);
  }
}

async function read(path: string, flag: string, code: number): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    throw unreadable(error, path, flag, code);
  }
}
