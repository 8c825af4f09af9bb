import type { Done } from "./loads.ts";
import type { StackName } from "./stack.ts";

/** What a load gives: what was done, and the processor seconds of each end. */
export interface Outcome extends Done {
  readonly client: number;
  readonly server: number;
}

/**
 * Runs a load once, with a server and a client process of their own: both are cold.
 *
 * @param amount Bytes or seconds.
 * @param v8Flags Flags of V8 for both processes, with commas between them.
 */
export async function measure(
  stack: StackName,
  load: string,
  amount: number,
  v8Flags?: string,
): Promise<Outcome> {
  const server = command("server.ts", [stack], "piped", v8Flags).spawn();
  const lines = server.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const port = await readLine(lines, stack);
  const args = [stack, port, load, String(amount)];
  const { success, stdout } = await command("client.ts", args, "null", v8Flags).output();
  await server.stdin.close();
  const seconds = Number(await readLine(lines, stack));
  await server.status;
  if (!success) throw new Error(`Cannot measure: the client of ${stack} failed`);
  const { cpu, ...done } = JSON.parse(new TextDecoder().decode(stdout));
  return { ...done, client: cpu, server: seconds };
}

async function readLine(
  reader: ReadableStreamDefaultReader<string>,
  name: string,
): Promise<string> {
  let text = "";
  while (!text.includes("\n")) {
    const { value } = await reader.read();
    if (value === undefined) throw new Error(`Cannot measure: the server of ${name} ended`);
    text += value;
  }
  return text.trim();
}

function command(
  file: string,
  args: string[],
  stdin: "piped" | "null",
  v8Flags?: string,
): Deno.Command {
  const path = new URL(file, import.meta.url).href;
  const options = ["-A", "--unstable-net", "--no-check"];
  if (v8Flags) options.push(`--v8-flags=${v8Flags}`);
  return new Deno.Command(Deno.execPath(), {
    args: ["run", ...options, path, ...args],
    stdin,
    stdout: "piped",
    stderr: "inherit",
  });
}
