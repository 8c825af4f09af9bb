import assert from "node:assert/strict";
import { dirname, join, matchesGlob } from "node:path";
import config from "../../deno.json" with { type: "json" };

// The documents name files and folders that exist, and show the layers as they are.

const root = join(import.meta.dirname!, "../..");

function textOf(path: string): string {
  return Deno.readTextFileSync(join(root, path));
}

function namesIn(folder: string, kind: "isFile" | "isDirectory"): string[] {
  return [...Deno.readDirSync(join(root, folder))].filter((entry) => entry[kind])
    .map(({ name }) => name);
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(join(root, path)) !== undefined;
  } catch {
    return false;
  }
}

/** Every document that people read, by its path. */
const documents = ["", "docs", "examples"].flatMap((folder) =>
  namesIn(folder, "isFile").filter((name) => name.endsWith(".md")).map((name) => join(folder, name))
);

/** Where the links of a document lead inside the project. */
function targetsOf(document: string): string[] {
  const links = textOf(document).matchAll(/\]\((?!https?:|#)([^)#\s]+)[^)]*\)/g);
  return Array.from(links, ([, target]) => join(dirname(document), target!));
}

Deno.test("links of the documents lead to files that exist", () => {
  for (const document of documents) {
    for (const target of targetsOf(document)) assert.ok(exists(target), `${document}: ${target}`);
  }
  assert.ok(documents.length > 8, documents.join());
});

Deno.test("documents of the published package lead to files of the published package", () => {
  const { include } = config.publish;
  const isPublished = (path: string) =>
    include.some((one) => matchesGlob(path, one) || path.startsWith(`${one}/`));
  const published = documents.filter(isPublished);
  for (const document of published) {
    for (const target of targetsOf(document)) {
      assert.ok(isPublished(target), `${document}: ${target}`);
    }
  }
  assert.ok(published.includes("README.md") && published.length > 8, published.join());
});

Deno.test("source files that the documents name exist", () => {
  let count = 0;
  for (const document of documents) {
    for (const [, path] of textOf(document).matchAll(/`([\w./-]+\/[\w-]+\.ts)`/g)) {
      assert.ok(exists(path!) || exists(join("src", path!)), `${document} names ${path}`);
      count++;
    }
  }
  assert.ok(count > 50, `${count} files`);
});

Deno.test("each step of a recipe of ARCHITECTURE.md names a file", () => {
  const recipes = textOf("ARCHITECTURE.md").split("## How to add")[1]!;
  const steps = recipes.match(/^\d\. .*(?:\n {3}.*)*/gm)!;
  assert.ok(steps.length >= 14, `${steps.length} steps`);
  for (const step of steps) assert.match(step, /`(?:[\w/]+\.(?:ts|md))`/, step);
});

/** The names in the left column of the layers picture, a list for each line, highest first. */
const layers = textOf("ARCHITECTURE.md").split("## Layers")[1]!.split("```")[1]!.split("\n")
  .map((line) => line.slice(0, 19).split(/\s+/).filter((name) => /^[a-z]/.test(name)))
  .filter((names) => names.length > 0);

Deno.test("the picture of the layers has every folder of src, and nothing else", () => {
  const beside = ["cli", "examples", "mod.ts"];
  const shown = layers.flat().filter((name) => !beside.includes(name));
  assert.deepEqual(shown.toSorted(), namesIn("src", "isDirectory").toSorted());
});

Deno.test("no folder imports one that the picture shows above it", () => {
  const levelOf = (folder: string) => layers.findIndex((names) => names.includes(folder));
  const visit = (path: string, folder: string) => {
    for (const name of namesIn(path, "isDirectory")) visit(join(path, name), folder);
    for (const name of namesIn(path, "isFile")) {
      for (const [, target] of textOf(join(path, name)).matchAll(/from "((?:\.\.\/)+[\w/]+)/g)) {
        const imported = join(path, target!).split("/")[1]!;
        assert.ok(levelOf(imported) >= levelOf(folder), `${path}/${name} imports ${imported}`);
      }
    }
  };
  for (const folder of namesIn("src", "isDirectory")) visit(join("src", folder), folder);
  assert.ok(levelOf("bytes") > levelOf("connection"));
});

Deno.test("no code span of a document goes over the end of a line", () => {
  for (const document of documents) {
    const text = textOf(document).replaceAll(/^```[\s\S]*?^```$/gm, "");
    for (const line of text.split("\n")) {
      const ticks = line.match(/`/g)?.length ?? 0;
      assert.equal(ticks % 2, 0, `${document}: ${line}`);
    }
  }
});
