import assert from "node:assert/strict";
import { openLogFile } from "../../src/io/log_file.ts";

/** Waits until a file has so many bytes. */
async function grown(path: string, size: number): Promise<string> {
  for (let i = 0; i < 200; i++) {
    const text = await Deno.readTextFile(path);
    if (text.length >= size) return text;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`${path} never grew to ${size} bytes`);
}

Deno.test("openLogFile() makes the directory and writes in the background, in order", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const file = openLogFile(`${folder}/a/b`, "x.sqlog")!;
    const path = `${folder}/a/b/x.sqlog`;
    file.write("one\n");
    file.write("two\n");
    assert.equal(Deno.readTextFileSync(path), "", "nothing is written while the caller waits");
    assert.equal(await grown(path, 8), "one\ntwo\n");
    const long = "x".repeat(1_000_000);
    file.write(long);
    file.write("end");
    file.close();
    assert.equal(file.write("too late"), false);
    assert.equal((await grown(path, 1_000_011)).slice(-5), "xxend");
    assert.equal((await Deno.stat(path)).mode! & 0o077, 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test({
  name: "openLogFile() opens nothing, and asks for nothing, where we may not write",
  permissions: { read: true, write: ["/nonexistent-of-mpquic"] },
  fn() {
    assert.equal(openLogFile("/tmp", "x.sqlog"), undefined);
    assert.equal(openLogFile("/nonexistent-of-mpquic/\0", "x.sqlog"), undefined);
  },
});

Deno.test("LogFile loses nothing when the program ends, or ends itself", async () => {
  const folder = await Deno.makeTempDir();
  const source = new URL("../../src/io/log_file.ts", import.meta.url).href;
  try {
    for (const end of ["", "Deno.exit(0)"]) {
      const code = `import { openLogFile } from ${JSON.stringify(source)};
        const file = openLogFile(${JSON.stringify(folder)}, "x");
        for (let i = 0; i < 1000; i++) file.write("line " + i + "\\n");
        ${end}`;
      const args = ["run", "--no-config", "--allow-write", "--ext=ts", "-"];
      const child = new Deno.Command(Deno.execPath(), {
        args,
        stdin: "piped",
        stdout: "null",
        stderr: "null",
      }).spawn();
      const writer = child.stdin.getWriter();
      await writer.write(new TextEncoder().encode(code));
      await writer.close();
      await child.status;
      const lines = (await Deno.readTextFile(`${folder}/x`)).split("\n");
      assert.equal(lines[999], "line 999", end);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("LogFile tells once why it takes no more, in the background and at the end", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.symlink("/dev/full", `${folder}/x.sqlog`);
    const errors: unknown[] = [];
    const heard = Promise.withResolvers<void>();
    const file = openLogFile(folder, "x.sqlog", (error) => {
      errors.push(error);
      heard.resolve();
    })!;
    file.write("one\n");
    await heard.promise;
    assert.equal(file.write("two\n"), false);
    const last = openLogFile(folder, "x.sqlog", (error) => errors.push(error))!;
    last.write("three\n");
    globalThis.dispatchEvent(new Event("unload"));
    assert.equal(errors.length, 2);
    for (const error of errors) assert.match(String(error), /No space left|os error 28/);
    const none = openLogFile(`${folder}/x.sqlog/below`, "y", (error) => errors.push(error));
    assert.deepEqual([none, errors.length], [undefined, 3]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
