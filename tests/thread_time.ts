import process from "node:process";

/**
 * Milliseconds of computing that this thread has done, to bound what something costs: a busy machine
 * and the tests in other threads do not count, as they would with a clock. It goes in steps of ten
 * milliseconds on some systems.
 */
export function threadTime(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
