// Checksums of files, as users give them.

import { CurlCode } from "../console/curl_code.ts";
import { Failure, UsageError } from "../console/failure.ts";
import { digestFile } from "../files/file_digest.ts";

/** Hexadecimal digits of each kind of checksum. */
const digits: Readonly<Record<string, number>> = { sha256: 64, sha512: 128, sha1: 40, md5: 32 };

/** What a file must come to. */
export interface Checksum {
  /** The name of the function. */
  readonly algorithm: string;
  /** The expected value, in small hexadecimal digits. */
  readonly value: string;
}

/**
 * Reads a checksum, written "sha256:0123...", or without the name if it has 64 digits.
 *
 * @param text What the user wrote.
 */
export function readChecksum(text: string | undefined): Checksum | undefined {
  if (text === undefined) return undefined;
  const [, name = "sha256", value = ""] = /^(?:([a-z0-9-]+)[:=])?([0-9a-f]+)$/i.exec(text) ?? [];
  const algorithm = name.toLowerCase().replace("-", "");
  if (Object.hasOwn(digits, algorithm) && digits[algorithm] === value.length) {
    return { algorithm, value: value.toLowerCase() };
  }
  throw new UsageError(
    `Cannot use "${text}" for --checksum: write sha256: and 64 hexadecimal digits`,
  );
}

/**
 * Checks a file.
 *
 * @param path The file.
 * @param checksum What it must come to.
 * @throws {Failure} If it does not.
 */
export async function verifyFile(path: string, { algorithm, value }: Checksum): Promise<void> {
  const found = await digestFile(path, algorithm, "hex");
  if (found === value) return;
  throw new Failure(
    `Cannot trust what has come: its ${algorithm} is ${found}, not ${value}; it is left in ${path}`,
    1,
    CurlCode.Checksum,
  );
}
