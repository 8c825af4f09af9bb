import assert from "node:assert/strict";
import { makeIssuedCertificate, serve } from "../../mod.ts";
import { staticFiles } from "../../cli/files/static_files.ts";
import { readListing } from "../../cli/get/folder_entry.ts";
import { mainCommand } from "./program_runner.ts";

Deno.test("readListing() takes no name that leads out of the folder", () => {
  const names = ["a", "..", ".", "", "../b", "/c", "d\\e", "C:f", "g\u0000", "h\u001b", "i.part"]
    .concat(".profile", "j.part.json", "ü k");
  const text = JSON.stringify(names.map((name) => ({ name, type: "file", size: 1 })));
  const { entries, refused } = readListing(text)!;
  assert.deepEqual(entries.map(({ name }) => name), ["a", ".profile", "ü k"]);
  assert.equal(refused.length, names.length - 3);
  assert.deepEqual(
    readListing('[{"name":"d","type":"directory","size":-1,"mtime":"x"}]')!.entries,
    [
      { name: "d", isFolder: true, size: undefined, modified: undefined },
    ],
  );
  for (
    const wrong of ["", "{}", "[1]", '[{"name":1,"type":"file"}]', '[{"name":"a","type":"link"}]']
  ) {
    assert.equal(readListing(wrong), undefined, wrong);
  }
});

/** A server of a folder that takes note of what is asked for, and a place beside it. */
async function withFolder(
  use: (url: string, folder: string, asked: string[], args: string[]) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const closing = new AbortController();
  const asked: string[] = [];
  await Deno.mkdir(`${folder}/site/photos/sub/deep`, { recursive: true });
  for (let i = 0; i < 60; i++) await Deno.writeTextFile(`${folder}/site/photos/${i} ü`, `${i}`);
  await Deno.writeFile(`${folder}/site/photos/sub/big`, new Uint8Array(3_000_000).fill(7));
  await Deno.writeTextFile(`${folder}/site/photos/sub/deep/end`, "end");
  await Deno.writeTextFile(
    `${folder}/site/page.html`,
    '<img src="/photos/1%20%C3%BC"><img src="/none"><script src="photos/sub/deep/end"></script>',
  );
  const { certPem, keyPem, caPem } = await makeIssuedCertificate(["127.0.0.1"]);
  await Deno.writeTextFile(`${folder}/authority.pem`, caPem);
  const files = await staticFiles(`${folder}/site`);
  const options = { port: 0, localAddresses: ["127.0.0.1"], cert: certPem, key: keyPem };
  const server = serve({ ...options, signal: closing.signal }, (request) => {
    asked.push(new URL(request.url).pathname);
    return files(request);
  });
  try {
    const args = ["get", "--cacert", `${folder}/authority.pem`, "-sS"];
    await use(`https://127.0.0.1:${server.addr.port}`, folder, asked, args);
  } finally {
    closing.abort();
    await server.finished;
    await Deno.remove(folder, { recursive: true });
  }
}

async function run(
  args: string[],
  cwd: string,
): Promise<{ code: number; told: string; out: string }> {
  const { code, stdout, stderr } = await mainCommand(args, "null", cwd).output();
  const decoder = new TextDecoder();
  return { code, told: decoder.decode(stderr), out: decoder.decode(stdout) };
}

Deno.test("mpquic get -r fetches a folder, and what is missing when it is run again", async () => {
  await withFolder(async (url, folder, asked, args) => {
    const first = await run([...args, "-r", `${url}/photos/`], folder);
    assert.deepEqual(first, { code: 0, told: "", out: "" });
    assert.equal(await Deno.readTextFile(`${folder}/photos/59 ü`), "59");
    assert.equal((await Deno.stat(`${folder}/photos/sub/big`)).size, 3_000_000);
    assert.equal(await Deno.readTextFile(`${folder}/photos/sub/deep/end`), "end");
    assert.equal([...Deno.readDirSync(`${folder}/photos`)].length, 61);
    await Deno.remove(`${folder}/photos/sub/deep/end`);
    await Deno.writeTextFile(`${folder}/photos/7 ü`, "other");
    asked.length = 0;
    const second = await run([...args, "-r", `${url}/photos/`], folder);
    assert.equal(second.code, 0, second.told);
    assert.deepEqual(asked.sort(), [
      "/photos/",
      "/photos/7%20%C3%BC",
      "/photos/sub/",
      "/photos/sub/deep/",
      "/photos/sub/deep/end",
    ]);
    assert.equal(await Deno.readTextFile(`${folder}/photos/7 ü`), "7");
    const none = await run([...args, "-r", "-o", "x", `${url}/nowhere/`], folder);
    assert.equal(none.code, 22, none.told);
    const unreadable = await run(
      [...args, "-r", "-w", "@none", "-o", "y", `${url}/photos/`],
      folder,
    );
    assert.deepEqual(unreadable, {
      code: 26,
      told: "mpquic: Cannot read none: there is no such file; name another file with -w\n",
      out: "",
    });
  });
});

Deno.test("mpquic get -p fetches what a page loads, and counts it", async () => {
  await withFolder(async (url, folder, asked, args) => {
    const { code, told, out } = await run([...args, "-p", `${url}/page.html`], folder);
    assert.deepEqual([code, told], [0, ""]);
    assert.match(out, /^<img src/);
    assert.deepEqual(asked.sort(), [
      "/none",
      "/page.html",
      "/photos/1%20%C3%BC",
      "/photos/sub/deep/end",
    ]);
    asked.length = 0;
    await run([...args, "-o", "page", `${url}/page.html`], folder);
    assert.deepEqual(asked, ["/page.html"], "without the flag nothing is followed");
  });
});
