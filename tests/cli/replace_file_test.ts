import assert from "node:assert/strict";
import { replaceFile } from "../../cli/files/replace_file.ts";

/** A folder of its own for one test. */
async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function namesIn(folder: string): string[] {
  return Array.from(Deno.readDirSync(folder), ({ name }) => name).toSorted();
}

Deno.test("replaceFile() makes a file with a mode, and later keeps that which the file has", async () => {
  await withFolder(async (folder) => {
    const file = `${folder}/jar`;
    await replaceFile(file, "one", 0o600);
    assert.equal(await Deno.readTextFile(file), "one");
    assert.equal((await Deno.stat(file)).mode! & 0o777, 0o600);
    await Deno.chmod(file, 0o640);
    await replaceFile(file, "2", 0o600);
    assert.equal(await Deno.readTextFile(file), "2");
    assert.equal((await Deno.stat(file)).mode! & 0o777, 0o640);
    assert.deepEqual(namesIn(folder), ["jar"]);
  });
});

Deno.test("replaceFile() replaces the file that a link leads to, and names one that is not there", async () => {
  await withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "one");
    await Deno.symlink("file", `${folder}/link`);
    await replaceFile(`${folder}/link`, "two", 0o600);
    assert.ok((await Deno.lstat(`${folder}/link`)).isSymlink);
    assert.equal(await Deno.readTextFile(`${folder}/file`), "two");
    await Deno.remove(`${folder}/file`);
    await replaceFile(`${folder}/link`, "three", 0o600);
    assert.ok((await Deno.lstat(`${folder}/link`)).isSymlink);
    assert.equal(await Deno.readTextFile(`${folder}/file`), "three");
    await assert.rejects(replaceFile(`${folder}/none/file`, "x", 0o600), Deno.errors.NotFound);
    await replaceFile("/dev/null", "x", 0o600);
    assert.ok((await Deno.stat("/dev/null")).isCharDevice);
  });
});

Deno.test("replaceFile() leaves the file as it is where there is no room for another", async () => {
  await withFolder(async (folder) => {
    const args = ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder];
    assert.ok((await new Deno.Command("mount", { args }).output()).success);
    try {
      await replaceFile(`${folder}/jar`, "precious", 0o600);
      await assert.rejects(replaceFile(`${folder}/jar`, "x".repeat(100_000), 0o600), /os error 28/);
      assert.equal(await Deno.readTextFile(`${folder}/jar`), "precious");
      assert.deepEqual(namesIn(folder), ["jar"]);
    } finally {
      await new Deno.Command("umount", { args: [folder] }).output();
    }
  });
});

const only = await Deno.makeTempFile();
addEventListener("unload", () => Deno.removeSync(only));

for (const read of [[only], false] as const) {
  Deno.test({
    name: `replaceFile() writes the file itself if no other may be, and ${read ? "" : "not "}read`,
    permissions: { write: [only], read: read && [...read] },
    fn: async () => {
      await assert.doesNotReject(replaceFile(only, "two", 0o600));
      if (read) assert.equal(await Deno.readTextFile(only), "two");
    },
  });
}
