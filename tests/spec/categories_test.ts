import assert from "node:assert/strict";
import { join } from "node:path";
import { denoDoc, writeHtml } from "./html.ts";

/** The groups of names, as the documentation shows them. */
const CATEGORIES = [
  "Certificates",
  "Congestion control",
  "Connections",
  "Errors",
  "HTTP/3",
  "Limits",
  "Paths",
  "Proxy",
  "Schedulers",
  "Streams and datagrams",
  "Traces",
  "WebTransport",
];

/** The part of `deno doc --json` that matters here. */
interface Doc {
  readonly nodes: Readonly<Record<string, { readonly symbols: readonly DocSymbol[] }>>;
}

interface DocSymbol {
  readonly name: string;
  readonly declarations: readonly {
    readonly jsDoc?: {
      readonly tags?: readonly { readonly kind: string; readonly doc?: string }[];
    };
  }[];
}

Deno.test("every exported name is in one of the categories", async () => {
  const { nodes } = JSON.parse(await denoDoc("--json", "mod.ts")) as Doc;
  const used = new Set<string>();
  let count = 0;
  for (const { name, declarations } of Object.values(nodes).flatMap(({ symbols }) => symbols)) {
    const category = declarations[0]!.jsDoc?.tags?.find(({ kind }) => kind === "category")?.doc;
    assert.ok(category !== undefined && CATEGORIES.includes(category), `${name}: ${category}`);
    used.add(category);
    count++;
  }
  assert.ok(count > 110, `${count} names`);
  assert.deepEqual([...used].sort(), CATEGORIES);
});

Deno.test("the documentation as HTML has a start page and a page for each category", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await writeHtml(folder);
    const start = await Deno.readTextFile(join(folder, "index.html"));
    assert.match(start, /Begin with one of these/);
    for (const category of CATEGORIES) {
      const name = category.toLowerCase().replaceAll(" ", "-").replaceAll("/", "");
      const page = await Deno.readTextFile(join(folder, `${name}.html`));
      assert.ok(page.includes(category), category);
      assert.ok(start.includes(`${name}.html`), `${category}: a link from the start page`);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
