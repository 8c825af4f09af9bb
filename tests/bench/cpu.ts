// Processor time of this process.

import process from "node:process";

const SECOND = 1e6;
const atStart = process.cpuUsage();

/** Seconds of all threads, those that compile included, since this module was loaded. */
export function cpuSeconds(): number {
  const { user, system } = process.cpuUsage(atStart);
  return (user + system) / SECOND;
}
