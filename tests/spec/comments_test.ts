import assert from "node:assert/strict";
import { basename, join } from "node:path";

// What CONTRIBUTING.md asks of comments, as far as a program can tell.

const root = join(import.meta.dirname!, "../..");

function sourcesBelow(folder: string): string[] {
  return [...Deno.readDirSync(join(root, folder))].flatMap(({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    return isDirectory ? sourcesBelow(path) : path.endsWith(".ts") ? [path] : [];
  });
}

const sources = ["src", "cli"].flatMap(sourcesBelow)
  .map((path) => ({ path, text: Deno.readTextFileSync(join(root, path)) }));

/** Letters alone, so that `send_half` and `SendHalf` are the same. */
const plain = (name: string) => name.toLowerCase().replaceAll(/[^a-z]/g, "");

/** Whether the first sentence that a reader finds is about what the file is named after. */
function beginsWithNoun(path: string, text: string): boolean {
  const [first] = text.split("\n").filter((line) => !/^(?:#!|\/\/ deno-lint)/.test(line));
  if (/^\/[/*]/.test(first!)) return true;
  const declared = /\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n(?:export (?:abstract |async )?\w+ (\w+))?/;
  const name = plain(declared.exec(text)?.[1] ?? "");
  const noun = plain(basename(path, ".ts"));
  return name !== "" && (noun.includes(name) || name.includes(noun));
}

Deno.test("each source file begins with a sentence about its noun", () => {
  const others = sources.filter(({ path, text }) => !beginsWithNoun(path, text));
  assert.deepEqual(others.map(({ path }) => path), []);
  assert.ok(sources.length > 400, `${sources.length} files`);
});

Deno.test("comments name who acts: the application, the peer, the caller", () => {
  const riddle = /\b(?:who(?:m|ever)|nobody|(?:some|any|every)body|lest|anew|for want of)\b/i;
  for (const { path, text } of sources) {
    const comments = text.match(/\/\*[\s\S]*?\*\/|(?:^|[\s;])\/\/ .*$/gm) ?? [];
    for (const comment of comments) {
      assert.doesNotMatch(comment, riddle, `${path}: ${comment.trim()}`);
    }
  }
});
