import assert from "node:assert/strict";
import { streamPieces } from "../../cli/file_body.ts";

/** A file of 1 MB, open. */
async function withFile(use: (file: Deno.FsFile) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile();
  try {
    await Deno.truncate(path, 1_000_000);
    await use(await Deno.open(path));
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
    withFile(async (file) => {
      const reader = streamPieces(file, [{ first: 0, last: 999_999 }], 30).getReader();
      await reader.read();
      await wait(100);
      await assert.rejects(reader.read(), /nobody takes what is sent/);
      assert.throws(() => file.statSync(), Deno.errors.BadResource);
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
        await wait(40); // 8 chunks: longer than the patience altogether
      }
      assert.equal(size, 1_000_000);
    }),
});
