/*
 * Output that informs. Whether it arrives decides nothing: a log disk may be full and standard error
 * closed, and the work goes on.
 */

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

/** Takes away what stands in the line of the cursor, if standard error is a terminal. */
export function clearLine(): void {
  if (Deno.stderr.isTerminal()) draw("\r\x1b[K");
}

/**
 * Writes text on standard output, all of it.
 *
 * @throws {Error} If standard output is closed or full.
 */
export async function printAll(text: string): Promise<void> {
  const bytes = encoder.encode(text);
  for (let at = 0; at < bytes.length;) at += await Deno.stdout.write(bytes.subarray(at));
}

function write(stream: typeof Deno.stdout | typeof Deno.stderr, text: string): void {
  try {
    const bytes = encoder.encode(text);
    for (let at = 0; at < bytes.length;) at += stream.writeSync(bytes.subarray(at));
  } catch {
    // The stream is closed, full, or has no reader.
  }
}
