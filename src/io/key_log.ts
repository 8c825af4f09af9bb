import { appendFileIfGranted, readEnvironment } from "./environment.ts";

/** Takes one line of the NSS key log format. */
export type KeyLog = (line: string) => void;

/**
 * Where secrets are to be written for tools such as Wireshark: a writer that appends to the file
 * that `SSLKEYLOGFILE` names, or undefined if nobody asked or we may not.
 */
export function openKeyLog(): KeyLog | undefined {
  const path = readEnvironment("SSLKEYLOGFILE");
  if (path === undefined || !appendFileIfGranted(path, "")) return undefined;
  return (line) => void appendFileIfGranted(path, `${line}\n`);
}
