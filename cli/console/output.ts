/*
 * Output that informs. Whether it arrives decides nothing: a log disk may be full and standard error
 * closed, and the work goes on.
 */

import { canDraw } from "./terminal_size.ts";
import { writeAllSync } from "./write_all.ts";

const encoder = new TextEncoder();

/**
 * Prints a line on standard output, if that is possible.
 *
 * @param line The line, without its end.
 */
export function print(line: string): void {
  write(Deno.stdout, `${line}\n`);
}

/**
 * Prints a line on standard error, if that is possible.
 *
 * @param line The line, without its end.
 */
export function report(line: string): void {
  write(Deno.stderr, `${line}\n`);
}

/**
 * Writes text on standard error as it is, if that is possible.
 *
 * @param text The text, with whatever moves the cursor.
 */
export function draw(text: string): void {
  write(Deno.stderr, text);
}

/** Takes away what stands in the line of the cursor, if standard error is a terminal that can. */
export function clearLine(): void {
  if (canDraw()) draw("\r\x1b[K");
}

function write(stream: typeof Deno.stdout | typeof Deno.stderr, text: string): void {
  try {
    writeAllSync(stream, encoder.encode(text));
  } catch {
    // The stream is closed, full, or has no reader.
  }
}
