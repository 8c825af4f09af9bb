/** What a program wrote, and when. */

import { payload } from "./payload.ts";

/** When the bytes of a file came. */
export class Arrivals {
  /** Whether all came, and nothing else. */
  readonly isExact: boolean;
  /** Milliseconds from the start of the program to the last byte. */
  readonly duration: number;
  readonly #times: readonly number[];

  private constructor(isExact: boolean, startedAt: number, times: readonly number[]) {
    this.isExact = isExact;
    this.duration = (times.at(-1) ?? Infinity) - startedAt;
    this.#times = times;
  }

  /**
   * Runs a program and reads what it writes.
   *
   * @param size Bytes that it should write: copies of the same data, if there is a count.
   * @param onBytes Hears how many have come.
   */
  static async of(
    command: Deno.Command,
    size: number,
    { count = 1, onBytes = () => {} }: { count?: number; onBytes?: (bytes: number) => void } = {},
  ): Promise<Arrivals> {
    const startedAt = performance.now();
    const process = command.spawn();
    const errors = new Response(process.stderr).text();
    const times: number[] = [];
    const whole = payload(0, size);
    let bytes = 0;
    let isExact = true;
    for await (const piece of process.stdout) {
      times.push(performance.now());
      for (let i = 0; i < piece.length; i++) {
        if (piece[i] !== whole[(bytes + i) % size]) isExact = false;
      }
      bytes += piece.length;
      onBytes(bytes);
    }
    const { success } = await process.status;
    const text = await errors;
    if (!success) throw new Error(`The program failed after ${bytes} bytes: ${text}`);
    return new Arrivals(isExact && bytes === size * count, startedAt, times);
  }

  /** Milliseconds of the longest silence that ended after a time. */
  longestGap(since: number): number {
    let longest = 0;
    for (let i = 1; i < this.#times.length; i++) {
      const [last, time] = [this.#times[i - 1]!, this.#times[i]!];
      if (time > since) longest = Math.max(longest, time - last);
    }
    return longest;
  }
}
