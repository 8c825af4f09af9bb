import assert from "node:assert/strict";
import { PartFile } from "../../cli/get/part_file.ts";
import { partOf } from "../../cli/get/part_name.ts";

// Files on their way, where the file system sets limits.

const asked = new URL("https://h.example/file");
const say = () => {};

Deno.test("a file of the longest name that there is can be fetched, and gone on with", async () => {
  const folder = await Deno.makeTempDir();
  try {
    for (const name of ["x".repeat(255), `${"x".repeat(254)}y`, "字".repeat(85)]) {
      const path = `${folder}/${name}`;
      const one = await PartFile.open(path, { asked, say });
      await one.restart({ url: asked.href, etag: '"1"' });
      await one.write(new Uint8Array(3));
      one.close();
      const other = await PartFile.open(path, { asked, say });
      assert.equal(other.kept, 3);
      await other.finish();
      assert.equal((await Deno.stat(path)).size, 3);
    }
    const names = Array.from(Deno.readDirSync(folder), ({ name }) => name);
    assert.equal(names.length, 3, "no part is left");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("partOf() cuts no character in two, and keeps the folder", () => {
  assert.equal(partOf("a/b"), "a/b.part");
  assert.equal(partOf(`a/${"x".repeat(245)}`), `a/${"x".repeat(245)}.part`);
  assert.match(partOf(`a/${"字".repeat(85)}`), /^a\/字{66}~[0-9a-f]{16}\.part$/u);
});

Deno.test("a part is taken away if its note cannot be written", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/file`;
    await Deno.mkdir(`${path}.part.json`);
    const part = await PartFile.open(path, { asked, say });
    await assert.rejects(part.restart({ url: asked.href }), /Cannot write .*file: it is a folder/);
    part.close();
    assert.deepEqual(Array.from(Deno.readDirSync(folder)), []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test({
  name: "a file that is replaced keeps its mode, and the link that leads to it",
  ignore: Deno.build.os === "windows",
}, async () => {
  const folder = await Deno.makeTempDir();
  const modeOf = async (path: string) => (await Deno.stat(path)).mode! & 0o777;
  try {
    await Deno.mkdir(`${folder}/below`);
    const real = `${folder}/below/real`;
    await Deno.writeTextFile(real, "old");
    await Deno.symlink("below/real", `${folder}/link`);
    for (const mode of [0o600, 0o664, 0o444]) {
      await Deno.chmod(real, mode);
      const part = await PartFile.open(`${folder}/link`, { asked, say });
      assert.equal(part.partPath, `${await Deno.realPath(real)}.part`);
      assert.equal(await modeOf(part.partPath) & 0o077 & ~mode, 0, "no more may read it");
      await part.write(new TextEncoder().encode(`${mode}`));
      await part.finish();
      assert.equal(await Deno.readTextFile(real), `${mode}`);
      assert.equal(await modeOf(real), mode);
      assert.ok((await Deno.lstat(`${folder}/link`)).isSymlink);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** A file that may be written, in a folder that may not; the test takes it away. */
const lone = await Deno.makeTempFile();

Deno.test({
  name: "a file beside which nothing may be made is written in place",
  permissions: { read: true, write: [lone] },
  async fn() {
    const known = { url: asked.href, etag: '"1"' };
    await Deno.writeTextFile(lone, "what was there before");
    const file = await PartFile.open(lone, { asked, say });
    await assert.rejects(PartFile.open(lone, { asked, say }), /another program is fetching it/);
    assert.equal(await Deno.readTextFile(lone), "what was there before", "nothing has come yet");
    await file.restart(known);
    await file.write(new TextEncoder().encode("new "));
    assert.equal(new TextDecoder().decode(await file.tail(3)), "ew ");
    await file.write(new TextEncoder().encode("content"));
    assert.deepEqual([file.length, file.known, file.partPath], [11, known, lone]);
    await file.finish();
    assert.equal(await Deno.readTextFile(lone), "new content");
    await assert.rejects(PartFile.open(`${lone}-other`, { asked, say }), Deno.errors.NotCapable);
    await Deno.remove(lone);
  },
});
