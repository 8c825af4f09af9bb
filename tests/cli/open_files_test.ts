import assert from "node:assert/strict";
import { OpenFiles, type ServedFile } from "../../cli/files/open_files.ts";
import { staticFiles } from "../../cli/files/static_files.ts";

/** A folder with files of their own number, 1,000 bytes each. */
async function withFiles(
  count: number,
  use: (folder: string, paths: string[]) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const paths = Array.from({ length: count }, (_, i) => `${folder}/${i}`);
    for (const [i, path] of paths.entries()) {
      await Deno.writeFile(path, new Uint8Array(1_000).map((_, at) => i + at));
    }
    await use(folder, paths);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function byteOf(file: ServedFile, at: number): Promise<number | undefined> {
  const into = new Uint8Array(1);
  return await file.read(at, into) === 1 ? into[0] : undefined;
}

Deno.test({
  name: "OpenFiles opens so many at once, and reads on in those it had to close",
  sanitizeResources: true,
  fn: () =>
    withFiles(9, async (_, paths) => {
      const files = new OpenFiles(3);
      const all: ServedFile[] = [];
      for (const path of paths) all.push(await files.open(path));
      assert.equal(files.count, 3);
      for (let at = 0; at < 1_000; at += 333) {
        const bytes = await Promise.all(all.map((file) => byteOf(file, at)));
        assert.deepEqual(bytes, all.map((_, i) => (i + at) & 0xff));
        assert.ok(files.count <= 3);
      }
      for (const file of all) file.close();
      assert.equal(files.count, 0);
      await assert.rejects(files.open("/nowhere"), Deno.errors.NotFound);
      assert.equal(files.count, 0);
    }),
});

Deno.test("OpenFiles closes the file that was not read for longest", async () => {
  await withFiles(4, async (_, paths) => {
    const files = new OpenFiles(3);
    const all: ServedFile[] = [];
    for (const path of paths.slice(0, 3)) all.push(await files.open(path));
    await byteOf(all[0]!, 0);
    all.push(await files.open(paths[3]!));
    // What became of the files shows which were still open.
    for (const path of paths) await Deno.rename(path, `${path}.old`);
    for (const path of paths) await Deno.writeFile(path, new Uint8Array(1_000).fill(99));
    assert.equal(await byteOf(all[0]!, 7), 7);
    await assert.rejects(byteOf(all[1]!, 7), /another file by now/);
    assert.equal(await byteOf(all[3]!, 7), 10);
    for (const file of all) file.close();
  });
});

Deno.test({
  name: "staticFiles() keeps few files open for answers that no client reads",
  sanitizeResources: true,
  fn: () =>
    withFiles(1, async (folder) => {
      const serve = await staticFiles(folder);
      const bodies: ReadableStream[] = [];
      for (let i = 0; i < 600; i++) {
        bodies.push((await serve(new Request("https://localhost/0"))).body!);
      }
      assert.ok(descriptorsOf(folder) <= 256, `${descriptorsOf(folder)} files are open`);
      for (const body of bodies) {
        assert.equal((await new Response(body).bytes()).length, 1_000, "each can still be read");
      }
      assert.equal(descriptorsOf(folder), 0);
    }),
  ignore: Deno.build.os !== "linux",
});

/** How many files of a folder this process has open. */
function descriptorsOf(folder: string): number {
  return [...Deno.readDirSync("/proc/self/fd")].filter(({ name }) => {
    try {
      return Deno.readLinkSync(`/proc/self/fd/${name}`).startsWith(folder);
    } catch {
      return false;
    }
  }).length;
}
