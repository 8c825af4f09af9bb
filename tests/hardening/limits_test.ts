import assert from "node:assert/strict";
import { join } from "node:path";

const src = join(import.meta.dirname!, "../../src");

function textsBelow(folder: string): string[] {
  return Deno.readDirSync(folder).flatMap(({ name, isDirectory }) => {
    const path = join(folder, name);
    if (isDirectory) return textsBelow(path);
    return name === "limits.ts" ? [] : [Deno.readTextFileSync(path)];
  }).toArray();
}

Deno.test("Every limit is kept by code, and stands in one place only", () => {
  const limits = Deno.readTextFileSync(join(src, "limits/limits.ts"));
  const names = [...limits.matchAll(/^export const ([A-Z_]+)(?:: \w+)? = /gm)].map(([, name]) =>
    name!
  );
  assert.ok(names.length > 60);
  const texts = textsBelow(src);
  for (const name of names) {
    // Once where it is imported, and at least once more.
    const uses = texts.map((text) => text.split(new RegExp(`\\b${name}\\b`)).length - 1);
    assert.ok(uses.some((count) => count > 1), `${name} is not used`);
    assert.ok(!texts.some((text) => text.includes(`const ${name} `)), `${name} stands twice`);
  }
});

Deno.test("Every limit says what it is", () => {
  const limits = Deno.readTextFileSync(join(src, "limits/limits.ts"));
  const lines = limits.split("\n");
  lines.forEach((line, i) => {
    if (!line.startsWith("export const ")) return;
    assert.match(lines[i - 1]!, /\*\/$|^export const /, `${line}: nothing is said of it`);
  });
});
