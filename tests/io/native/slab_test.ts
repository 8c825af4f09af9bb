import assert from "node:assert/strict";
import { type Libc, libc } from "../../../src/io/native/libc.ts";
import { Slab } from "../../../src/io/native/slab.ts";
import { libcWith, nativeTest } from "./tier.ts";

nativeTest("A slab ends where a page ends, and is as large as was asked for", () => {
  for (const size of [8, 4_088, 4_096, 57_344, 57_352, 65_536, 525_000]) {
    const slab = new Slab(libc as Libc, size);
    assert.equal(slab.bytes.length, size);
    assert.equal(slab.words.length, size / 4);
    const end = slab.place(0, size) + BigInt(size);
    assert.equal(end % BigInt((libc as Libc).pageSize), 0n);
    slab.words.fill(0x0102_0304);
    assert.ok(slab.bytes.every((byte, i) => byte === 4 - i % 4));
    assert.throws(() => slab.place(size, 1), RangeError);
    assert.throws(() => slab.place(-1, 1), RangeError);
    assert.throws(() => slab.place(0, size + 1), RangeError);
    assert.doesNotThrow(() => slab.place(size, 0));
  }
});

nativeTest("A slab cannot be transferred", () => {
  const slab = new Slab(libc as Libc, 64);
  const { buffer } = slab.bytes;
  assert.throws(() => structuredClone(slab.bytes, { transfer: [buffer] }), TypeError);
  assert.throws(() => buffer.transfer(), TypeError);
  assert.equal(slab.bytes.length, 64);
});

nativeTest("A slab without its fences is a slab all the same", () => {
  const slab = new Slab(libcWith({ fence: () => false }), 64);
  new Uint8Array(slab.bytes.buffer).fill(7);
  assert.equal(slab.bytes[63], 7);
});

/** Runs code that has a slab of 5,000 bytes, allowed nothing but the library; how it ended. */
async function endOf(code: string): Promise<string> {
  const source = (file: string) => new URL(`../../../src/io/native/${file}`, import.meta.url).href;
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(
    file,
    `import { libc } from "${source("libc.ts")}";
    import { Slab } from "${source("slab.ts")}";
    const { bytes } = new Slab(libc, 5_000);
    const all = new Uint8Array(bytes.buffer);
    const end = bytes.byteOffset + bytes.length;
    ${code}`,
  );
  const { path } = libc as Libc;
  const { code: status, signal, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--no-prompt", `--allow-ffi=${path}`, file],
  }).output();
  await Deno.remove(file);
  return signal ?? (status === 0 ? "well" : new TextDecoder().decode(stderr));
}

nativeTest("A process that reads or writes past a slab ends", async () => {
  assert.equal(await endOf("all[end - 1] = 1; all[libc.pageSize] = 1;"), "well");
  assert.equal(await endOf("all[end] = 1;"), "SIGSEGV");
  assert.equal(await endOf("Deno.exit(all[end]);"), "SIGSEGV");
  assert.equal(await endOf("all[libc.pageSize - 1] = 1;"), "SIGSEGV");
});
