import assert from "node:assert/strict";
import { Failure } from "../../cli/console/failure.ts";
import { logOptions } from "../../cli/flags/log_flags.ts";

function failsWith(run: () => unknown, pattern: RegExp): void {
  assert.throws(run, (error) => {
    assert.ok(error instanceof Failure);
    assert.match(error.message, pattern);
    return true;
  });
}

Deno.test("logOptions() makes the folder of traces and appends secrets to a file", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const choices = { qlog: `${folder}/a/b`, keyLog: `${folder}/keys` };
    await Deno.writeTextFile(choices.keyLog, "before\n");
    const { qlog, keyLog } = logOptions(choices);
    assert.equal(qlog, choices.qlog);
    assert.deepEqual([...Deno.readDirSync(choices.qlog)], []);
    keyLog!("CLIENT_RANDOM 01 02");
    keyLog!("CLIENT_RANDOM 03 04");
    const text = await Deno.readTextFile(choices.keyLog);
    assert.equal(text, "before\nCLIENT_RANDOM 01 02\nCLIENT_RANDOM 03 04\n");
    logOptions({ qlog: undefined, keyLog: `${folder}/new` });
    // Only the owner of the file may read secrets.
    assert.equal((await Deno.stat(`${folder}/new`)).mode! & 0o077, 0);
    assert.deepEqual(logOptions({ qlog: undefined, keyLog: undefined }), {});
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("logOptions() says at once what cannot be written", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/file`, "");
    for (const qlog of [`${folder}/file`, `${folder}/file/below`, ""]) {
      const pattern = /^Cannot write traces to ".*": .+; name another folder with --qlog$/;
      failsWith(() => logOptions({ qlog, keyLog: undefined }), pattern);
    }
    for (const keyLog of [folder, `${folder}/none/keys`, ""]) {
      const pattern = /^Cannot write secrets to ".*": .+; name another file with --key-log$/;
      failsWith(() => logOptions({ qlog: undefined, keyLog }), pattern);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("logOptions() tells once that secrets cannot be written any more", () => {
  const lines: string[] = [];
  for (let i = 0; i < 2; i++) {
    const { keyLog } = logOptions(
      { qlog: undefined, keyLog: "/dev/full" },
      (line) => lines.push(line),
    );
    keyLog!("CLIENT_RANDOM 01 02");
    keyLog!("CLIENT_RANDOM 03 04");
  }
  assert.deepEqual(lines, [
    'Cannot write all secrets to "/dev/full": the disk is full; everything else goes on',
  ]);
});

Deno.test({
  name: "logOptions() lets the runtime say which permission is missing",
  permissions: { read: true },
  fn() {
    for (const choices of [{ qlog: "x", keyLog: undefined }, { qlog: undefined, keyLog: "x" }]) {
      assert.throws(() => logOptions(choices), Deno.errors.NotCapable);
    }
  },
});
