// Writes the documentation of the library as HTML, with a page for each category.

import { join } from "node:path";

const root = join(import.meta.dirname!, "../..");

/** Runs `deno doc`, and returns what it prints. */
export async function denoDoc(...args: readonly string[]): Promise<string> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["doc", "--quiet", ...args],
    cwd: root,
    env: { NO_COLOR: "1" },
  });
  const { success, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(decoder.decode(stderr));
  return decoder.decode(stdout);
}

/**
 * Writes HTML to a folder. `deno doc` groups symbols by `@category` only if it reads one declaration
 * file, so it is given mod.ts under such a name.
 */
export async function writeHtml(folder: string): Promise<void> {
  const temporary = await Deno.makeTempDir();
  try {
    const entry = join(temporary, "mod.d.ts");
    const text = await Deno.readTextFile(join(root, "mod.ts"));
    await Deno.writeTextFile(entry, text.replaceAll('"./src/', `"file://${root}/src/`));
    await denoDoc("--html", "--name=mpquic", `--output=${folder}`, entry);
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
}

if (import.meta.main) await writeHtml(Deno.args[0] ?? join(root, "docs/html"));
