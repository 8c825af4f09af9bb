import assert from "node:assert/strict";
import { commands } from "../../cli/commands.ts";
import { completionScript } from "../../cli/flags/completion.ts";
import { manPage } from "../../cli/flags/man_page.ts";

/** What a program says, or undefined where it is not installed. */
async function told(program: string, ...args: string[]): Promise<string | undefined> {
  try {
    const { success, stdout, stderr } = await new Deno.Command(program, { args }).output();
    const decoder = new TextDecoder();
    assert.ok(success, decoder.decode(stderr));
    assert.equal(decoder.decode(stderr), "");
    return decoder.decode(stdout);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** What bash offers for the last of some words. */
async function offersOfBash(...words: string[]): Promise<string[] | undefined> {
  const script = completionScript("bash", "mpquic", commands);
  const asked = words.map((word) => `'${word}'`).join(" ");
  const last = words.length - 1;
  const text = await told(
    "bash",
    "-c",
    `${script}\nCOMP_WORDS=(${asked}); COMP_CWORD=${last}; _mpquic; printf '%s\\n' "\${COMPREPLY[@]}"`,
  );
  return text?.trim().split("\n");
}

Deno.test("bash completes commands, flags and files", async () => {
  const offers = await offersOfBash("mpquic", "ser");
  if (offers === undefined) return assert.notEqual(Deno.build.os, "linux");
  assert.deepEqual(offers, ["serve"]);
  assert.deepEqual(await offersOfBash("mpquic", "serve", "--no-d"), [
    "--no-dir-listing",
    "--no-dotfiles",
  ]);
  const file = new URL("../../deno.json", import.meta.url).pathname;
  assert.deepEqual(await offersOfBash("mpquic", "serve", "--cert", file.slice(0, -2)), [file]);
  assert.deepEqual(await offersOfBash("mpquic", "serve", "--port", "dr"), [""]);
});

Deno.test("the scripts name every flag, and the shells that are installed take them", async () => {
  const folder = await Deno.makeTempDir();
  try {
    for (const shell of ["bash", "zsh", "fish"] as const) {
      const script = completionScript(shell, "mpquic", commands);
      const names = commands.flatMap(({ program }) => program.flags.map(({ name }) => name));
      for (const name of names) {
        assert.ok(script.includes(shell === "fish" ? `-l ${name}` : `--${name}`), name);
      }
      await Deno.writeTextFile(`${folder}/script`, script);
      assert.equal(await told(shell, "-n", `${folder}/script`) ?? "", "");
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("the page of the manual has all flags, and nothing that roff could mistake", () => {
  const page = manPage("mpquic", "1.2.3", "Moves files.", commands);
  const shown = page.replaceAll("\\-", "-").replaceAll("\\fB", "").replaceAll("\\fR", "");
  for (const { program } of commands) {
    for (const { name } of program.flags) assert.ok(shown.includes(`--${name}`), name);
  }
  const requests = page.split("\n").filter((line) => /^[.']/.test(line))
    .map((line) => line.split(" ")[0]);
  const known = new Set([".TH", ".SH", ".SS", ".TP", ".PP", ".nf", ".fi", ".RS", ".RE", ".B"]);
  assert.deepEqual(requests.filter((word) => !known.has(word!) && word !== ".br"), []);
});
