import assert from "node:assert/strict";
import { prefersJson } from "../../cli/files/json_listing.ts";
import { staticFiles } from "../../cli/files/static_files.ts";

Deno.test("a folder is listed as JSON for programs that ask for it", async () => {
  const root = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${root}/sub`);
    await Deno.writeTextFile(`${root}/index.html`, "<p>");
    await Deno.writeTextFile(`${root}/a "b".txt`, "12345");
    await Deno.writeTextFile(`${root}/.hidden`, "secret");
    const date = new Date("2020-01-02T03:04:05Z");
    for (const name of ["sub", "index.html", 'a "b".txt']) {
      await Deno.utime(`${root}/${name}`, date, date);
    }
    const handler = await staticFiles(root);
    const ask = (accept: string, path = "/") =>
      handler(new Request(`https://localhost${path}`, { headers: { accept } }));
    const response = await ask("application/json");
    assert.equal(response.headers.get("content-type"), "application/json");
    assert.equal(response.headers.get("vary"), "accept");
    const mtime = date.toISOString();
    assert.deepEqual(await response.json(), [
      { name: "sub", type: "directory", mtime },
      { name: 'a "b".txt', type: "file", size: 5, mtime },
      { name: "index.html", type: "file", size: 3, mtime },
    ]);
    const page = await ask("text/html,*/*");
    assert.equal(await page.text(), "<p>");
    assert.equal(page.headers.get("vary"), "accept", "caches must not take one for the other");
    const etag = page.headers.get("etag")!;
    const same = await handler(
      new Request("https://localhost/", { headers: { "if-none-match": etag } }),
    );
    assert.deepEqual([same.status, same.headers.get("vary")], [304, "accept"]);
    assert.deepEqual(await (await ask("application/json", "/sub/")).json(), []);
    const hidden = await staticFiles(root, { listing: false });
    const refused = await hidden(
      new Request("https://localhost/sub/", { headers: { accept: "application/json" } }),
    );
    assert.equal(refused.status, 404);
    const alone = await hidden(new Request("https://localhost/"));
    assert.equal(alone.headers.get("vary"), null);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("prefersJson() leaves pages to browsers", () => {
  assert.equal(prefersJson("application/json"), true);
  assert.equal(prefersJson("text/plain, application/json;q=0.5"), true);
  assert.equal(prefersJson("text/html, application/json"), false);
  assert.equal(prefersJson("*/*"), false);
  assert.equal(prefersJson(null), false);
});
