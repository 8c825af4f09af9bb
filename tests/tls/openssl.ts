import { execFileSync } from "node:child_process";

/** Whether OpenSSL 3 is installed, whose verdicts on chains are compared with ours. */
export function hasOpenssl(): boolean {
  try {
    return execFileSync("openssl", ["version"], { encoding: "utf8" }).startsWith("OpenSSL 3");
  } catch {
    return false;
  }
}
