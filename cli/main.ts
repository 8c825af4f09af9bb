#!/usr/bin/env -S deno run --unstable-net --allow-net --allow-read --allow-write --allow-sys=networkInterfaces --allow-env
/**
 * The program `mpquic`: moves files over all networks of a machine at once.
 *
 * ```sh
 * deno run -A --unstable-net jsr:@mpquic/mpquic/cli get -O https://server.example/film.mp4
 * ```
 *
 * @module
 */
import { runProgram, say } from "./console/program.ts";
import { version } from "./console/version.ts";
import { isWorker } from "./server/is_worker.ts";

// A bundle is the module of its workers, too.
if (isWorker) await import("./server/worker.ts");
else if (import.meta.main) await runProgram("mpquic", () => runMain(Deno.args));

/**
 * Runs the program to its end.
 *
 * @param args The words of the command line.
 * @returns The exit code.
 */
export async function runMain(args: readonly string[]): Promise<number> {
  const [word] = args;
  if (word === "--version" || word === "-V") return say(version);
  // Loading the library takes longer than that.
  const { runCommand } = await import("./commands.ts");
  return await runCommand(args);
}
