import { PORT, serverAddress, type Testbed } from "./testbed.ts";

/** A server with a file that takes longer than any test, and the client's command line to it. */
export async function site(
  testbed: Testbed,
  ...more: string[]
): Promise<{ url: string; stop(): Promise<void> }> {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/file`, "");
  await Deno.truncate(`${folder}/file`, 1_000_000_000);
  const args = ["--port", `${PORT}`, "-n", "s", ...more, folder];
  const server = testbed.program(testbed.server, "cli/server.ts", args).spawn();
  const reader = server.stdout.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = ""; !text.includes("Chromium");) text += (await reader.read()).value ?? "";
  return {
    url: `https://${serverAddress(0)}:${PORT}/file`,
    async stop() {
      server.kill("SIGKILL");
      await Promise.all([reader.cancel(), server.stderr.cancel(), server.status]);
      await Deno.remove(folder, { recursive: true });
    },
  };
}
