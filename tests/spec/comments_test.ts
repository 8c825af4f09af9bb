import assert from "node:assert/strict";
import { join } from "node:path";

// What CONTRIBUTING.md asks of comments, as far as a program can tell.

const root = join(import.meta.dirname!, "../..");

function sourcesBelow(folder: string): string[] {
  return [...Deno.readDirSync(join(root, folder))].flatMap(({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    return isDirectory ? sourcesBelow(path) : path.endsWith(".ts") ? [path] : [];
  });
}

const read = (folders: readonly string[]) =>
  folders.flatMap(sourcesBelow)
    .map((path) => ({ path, text: Deno.readTextFileSync(join(root, path)) }));
const sources = read(["src", "cli"]);
const others = read(["tests", "examples"]).filter(({ path }) => !path.endsWith("comments_test.ts"));

/** The first line that is not for the system or the linter. */
function firstLine(text: string): string {
  return text.split("\n").find((line) => !/^(?:#!|\/\/ deno-lint)/.test(line))!;
}

Deno.test("the first line of each source file says what the file is", () => {
  const unclear = sources.filter(({ text }) => !/^(?:\/\/ \S|\/\*)/.test(firstLine(text)));
  assert.deepEqual(unclear.map(({ path }) => path), []);
  assert.ok(sources.length > 400, `${sources.length} files`);
  // A block that begins a file is about the file, not about a constant that happens to be first.
  const constants = sources.filter(({ text }) =>
    /^(?:#!.*\n|\/\/ deno-lint.*\n)*\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n(?:export )?const [A-Z][A-Z_]+ =/
      .test(text)
  );
  assert.deepEqual(constants.map(({ path }) => path), ["src/sim/test_certificate.ts"]);
});

/** Words that leave open which of application, peer, caller or operating system acts. */
const VAGUE_WORDS = [
  "whom",
  "whoever",
  "nobody",
  "somebody",
  "anybody",
  "everybody",
  "lest",
  "anew",
  "for want of",
];
const VAGUE_WORD = new RegExp(`\\b(?:${VAGUE_WORDS.join("|")})\\b`, "i");

Deno.test("comments name the application, the peer or the caller that acts", () => {
  for (const { path, text } of [...sources, ...others]) {
    const comments = text.match(/\/\*[\s\S]*?\*\/|(?:^|[\s;])\/\/ .*$/gm) ?? [];
    for (const comment of comments) {
      assert.doesNotMatch(comment, VAGUE_WORD, `${path}: ${comment.trim()}`);
    }
  }
});

Deno.test("a comment on a member has the member behind it, not another comment", () => {
  const doubled = [...sources, ...others].filter(({ text }) => /\*\/\n {2,}\/\*\*[^/]/.test(text));
  assert.deepEqual(doubled.map(({ path }) => path), []);
});

Deno.test("titles of tests name the part that acts", () => {
  let count = 0;
  for (const { path, text } of others) {
    for (const [, , title] of text.matchAll(/Deno\.test\(\s*(["`])((?:(?!\1).)*)\1/g)) {
      assert.doesNotMatch(title!, VAGUE_WORD, path);
      count++;
    }
  }
  assert.ok(count > 1_500, `${count} titles`);
});

Deno.test("comments use the words of CONTRIBUTING.md, not their synonyms", () => {
  const synonym = /\bin doubt\b|\bsubflows?\b/i;
  for (const { path, text } of [...sources, ...others]) {
    for (const comment of text.match(/\/\*[\s\S]*?\*\/|(?:^|[\s;])\/\/ .*$/gm) ?? []) {
      assert.doesNotMatch(comment, synonym, path);
    }
  }
});
