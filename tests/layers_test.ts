import assert from "node:assert/strict";
import { join, relative } from "node:path";

/** Folders of src, lowest first: each imports itself and what stands before it. */
const LAYERS = [
  "bytes",
  "limits",
  "error",
  "crypto",
  "qlog",
  "frame",
  "packet",
  "tls",
  "congestion",
  "recovery",
  "scheduler",
  "stream",
  "path",
  "connection",
  "endpoint",
  "io",
  "api",
];
/** Folders beside that order, and all they may import. */
const BESIDE: Record<string, readonly string[]> = {
  core: LAYERS.slice(0, LAYERS.indexOf("io")),
  sim: LAYERS.slice(0, LAYERS.indexOf("io")),
  qpack: ["limits", "bytes", "error"],
  http3: ["limits", "bytes", "error", "qpack", "api", "scheduler"],
  http2: ["limits", "bytes", "error", "tls", "io", "api", "http3"],
  proxy: ["bytes", "error", "path", "io", "api", "http3", "http2"],
  live: ["bytes", "error", "crypto", "io", "api"],
};
/**
 * Sub-folders, lowest first: each imports itself and those before its line; two in one line do not
 * know each other. "." is the folder's own files; where it is left out, they may be anywhere between.
 */
const SUBFOLDERS: Record<string, readonly (readonly string[])[]> = {
  "src/tls": [["code"], ["x509"], ["trust", "key"], ["message"], ["."]],
  "src/connection": [["parameters"], ["handshake"], ["trace"], ["receive", "send"]],
  "src/http3": [["wire"], ["message"], ["webtransport"], ["client", "server"]],
  "src/path": [["address"], ["network", "id"], ["health"], ["."]],
  "src/io": [["native"], ["links"]],
  "src/live": [["page"], ["."]],
  "src/api": [["stats", "address"], ["path"], ["stream", "options"], ["."]],
  "cli": [["console"], ["http"], ["flags", "paths"], ["files"], [
    "client",
    "server",
    "check",
    "proxy",
  ], [
    "get",
  ], [
    ".",
  ]],
};
/** Folders on the way of every packet, where BigInt has no place. */
const DATA_PATH = ["bytes", "frame", "packet", "congestion", "recovery", "scheduler", "stream"]
  .concat("path", "connection");
/** Folders that may call the runtime. */
const RUNTIME = ["io", "api"];
const MAX_LINES = 400;

const root = join(import.meta.dirname!, "..");

interface SourceFile {
  /** Path below the root. */
  readonly path: string;
  /** Folder below src, or the top-level folder. */
  readonly folder: string;
  readonly text: string;
}

function filesBelow(folder: string): SourceFile[] {
  const files: SourceFile[] = [];
  for (const entry of Deno.readDirSync(join(root, folder))) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) files.push(...filesBelow(path));
    else if (entry.name.endsWith(".ts")) {
      const parts = path.split("/");
      const folder = parts[0] === "src" ? parts[1]! : parts[0]!;
      files.push({ path, folder, text: Deno.readTextFileSync(join(root, path)) });
    }
  }
  return files;
}

const sources = filesBelow("src");

/** The source without comments and text, so that words in them do not count. */
function codeOf(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "$1")
    .replace(/`(?:\\[\s\S]|[^`\\])*`|"(?:\\.|[^"\\\n])*"/g, '""');
}

function importsOf({ path, text }: SourceFile): string[] {
  const folder = join(root, path, "..");
  return [...text.matchAll(/(?:from|import\()\s*"(\.[^"]+)"/g)]
    .map(([, target]) => relative(root, join(folder, target!)));
}

Deno.test("sources import themselves and lower layers only", () => {
  for (const file of sources) {
    const beside = BESIDE[file.folder];
    const allowed = beside ?? LAYERS.slice(0, LAYERS.indexOf(file.folder));
    assert.ok(beside || LAYERS.includes(file.folder), `${file.path}: a folder without a layer`);
    for (const target of importsOf(file)) {
      const [top, folder] = target.split("/");
      const fine = top === "src" && (folder === file.folder || allowed.includes(folder!));
      assert.ok(fine, `${file.path} imports ${target}`);
    }
  }
});

/** The sub-folder of a path in a folder; "." for the folder itself. */
function subfolderOf(path: string, folder: string): string {
  const [first, ...rest] = path.slice(folder.length + 1).split("/");
  return rest.length === 0 ? "." : first!;
}

Deno.test("sub-folders import lower ones only", () => {
  for (const [folder, levels] of Object.entries(SUBFOLDERS)) {
    const level = (name: string) => levels.findIndex((names) => names.includes(name));
    const files = filesBelow(folder);
    const found = new Set(files.map(({ path }) => subfolderOf(path, folder)));
    found.add(".");
    const named = new Set([...levels.flat(), "."]);
    assert.deepEqual([...found].sort(), [...named].sort(), `${folder}: its sub-folders`);
    for (const file of files) {
      const from = subfolderOf(file.path, folder);
      for (const target of importsOf(file)) {
        if (!target.startsWith(`${folder}/`)) continue;
        const to = subfolderOf(target, folder);
        if (from === to || level(from) < 0 || level(to) < 0) continue;
        assert.ok(level(to) < level(from), `${file.path} imports ${target}`);
      }
    }
  }
});

Deno.test("folders of folders are layered", () => {
  const folders = [...Deno.readDirSync(join(root, "src"))].map(({ name }) => `src/${name}`);
  for (const folder of [...folders, "cli"]) {
    const hasFolders = [...Deno.readDirSync(join(root, folder))].some((entry) => entry.isDirectory);
    assert.equal(hasFolders, folder in SUBFOLDERS, folder);
  }
});

/** What others import by name: see "exports" in deno.json. */
const ENTRIES = ["mod.ts", "src/core/mod.ts", "src/sim/mod.ts"];

Deno.test("programs and examples import nothing but what others can, and their own folder", () => {
  for (const folder of ["cli", "examples"]) {
    for (const file of filesBelow(folder)) {
      for (const target of importsOf(file)) {
        const fine = target.startsWith(`${folder}/`) ||
          (folder === "examples"
            ? ENTRIES.includes(target) || target.startsWith("cli/")
            : target === "mod.ts");
        assert.ok(fine, `${file.path} imports ${target}`);
      }
    }
  }
});

Deno.test("only io and api call the runtime", () => {
  for (const { path, folder, text } of sources) {
    if (RUNTIME.includes(folder)) continue;
    // Types of the runtime are allowed: they are gone when the program runs.
    const calls = codeOf(text).match(/\bDeno\.[a-z]\w*/);
    assert.equal(calls, null, `${path} says ${calls?.[0]}`);
  }
});

Deno.test("nothing below io reads a clock or draws chance", () => {
  const impure =
    /\b(?:performance\.now|Date\.now|new Date\(\)|Math\.random|getRandomValues|randomBytes|setTimeout|setInterval|setImmediate|queueMicrotask)\b/;
  const pure = LAYERS.slice(0, LAYERS.indexOf("io")).concat("qpack", "core", "sim");
  for (const { path, folder, text } of sources) {
    if (!pure.includes(folder)) continue;
    const found = codeOf(text).match(impure);
    assert.equal(found, null, `${path} says ${found?.[0]}`);
  }
});

Deno.test("no sources import each other in a circle, types included", () => {
  const imports = new Map(sources.map((file) => [file.path, importsOf(file)]));
  const reach = (from: string): Set<string> => {
    const seen = new Set<string>();
    const left = [...imports.get(from) ?? []];
    for (let path; (path = left.pop()) !== undefined;) {
      if (!seen.has(path)) left.push(...imports.get(path) ?? []);
      seen.add(path);
    }
    return seen;
  };
  const found = sources.map(({ path }) => path).filter((path) => reach(path).has(path));
  assert.deepEqual(found, []);
});

Deno.test("the data path does without BigInt", () => {
  for (const { path, folder, text } of sources) {
    if (!DATA_PATH.includes(folder)) continue;
    const found = codeOf(text).match(
      /\bBigInt|\b\d[\d_]*n\b|\bgetBigU?[Ii]nt64|\bsetBigU?[Ii]nt64/,
    );
    assert.equal(found, null, `${path} says ${found?.[0]}`);
  }
});

Deno.test(`no source file is longer than ${MAX_LINES} lines`, () => {
  for (const { path, text } of [...sources, ...filesBelow("cli")]) {
    const lines = text.split("\n").length - 1;
    assert.ok(lines <= MAX_LINES, `${path} has ${lines} lines`);
  }
});
