// Writes TLS secrets to a file, for Wireshark.

import { appendFileIfGranted, readEnvironment } from "./environment.ts";

/** Takes one line of the NSS key log format. */
export type KeyLog = (line: string) => void;

/**
 * The writer of secrets for tools such as Wireshark: it appends to the file that `SSLKEYLOGFILE`
 * names. Undefined if the variable is not set, or the permissions are missing.
 */
export function openKeyLog(): KeyLog | undefined {
  const path = readEnvironment("SSLKEYLOGFILE");
  if (path === undefined || !appendFileIfGranted(path, "")) return undefined;
  return (line) => void appendFileIfGranted(path, `${line}\n`);
}
