import assert from "node:assert/strict";
import { streamPieces } from "../../cli/files/file_body.ts";
import { OpenFiles, type ServedFile } from "../../cli/files/open_files.ts";

/** A file of 1 MB, open. */
async function withFile(
  use: (file: ServedFile, files: OpenFiles) => Promise<void>,
): Promise<void> {
  const path = await Deno.makeTempFile();
  try {
    await Deno.truncate(path, 1_000_000);
    const files = new OpenFiles();
    await use(await files.open(path), files);
  } finally {
    await Deno.remove(path);
  }
}

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

Deno.test({
  name: "streamPieces() closes the file of a reader that takes nothing for too long",
  sanitizeResources: true,
  fn: () =>
    withFile(async (file, files) => {
      const reader = streamPieces(file, [{ first: 0, last: 999_999 }], 30).getReader();
      await reader.read();
      await wait(100);
      await assert.rejects(reader.read(), /the client takes nothing/);
      assert.equal(files.count, 0);
    }),
});

Deno.test({
  name: "streamPieces() has patience with a reader that is slow all the time",
  sanitizeResources: true,
  sanitizeOps: true,
  fn: () =>
    withFile(async (file) => {
      const body = streamPieces(file, [{ first: 0, last: 999_999 }], 200);
      let size = 0;
      for await (const chunk of body) {
        size += chunk.length;
        await wait(20); // 16 chunks: longer than the patience altogether
      }
      assert.equal(size, 1_000_000);
    }),
});

Deno.test("streamPieces() reads what is asked for, and only then", async () => {
  await withFile(async (file) => {
    const range = { first: 10, last: 200_009 };
    const reader = streamPieces(file, [new Uint8Array(5), range, new Uint8Array(0)])
      .getReader({ mode: "byob" });
    const sizes: number[] = [];
    for (;;) {
      const { done, value } = await reader.read(new Uint8Array(3_000));
      if (done) break;
      assert.ok(value.buffer.byteLength === 3_000);
      sizes.push(value.length);
    }
    assert.equal(sizes.reduce((sum, size) => sum + size), 200_005);
    assert.deepEqual([sizes[0], sizes[1], sizes.at(-1)], [5, 3_000, 2_000]);
  });
});
