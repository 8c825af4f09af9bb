import assert from "node:assert/strict";
import { openKeyLog } from "../../src/io/key_log.ts";

Deno.test("openKeyLog() appends lines to the file that SSLKEYLOGFILE names", async () => {
  const folder = await Deno.makeTempDir();
  const before = Deno.env.get("SSLKEYLOGFILE");
  try {
    Deno.env.delete("SSLKEYLOGFILE");
    assert.equal(openKeyLog(), undefined);
    Deno.env.set("SSLKEYLOGFILE", `${folder}/keys.txt`);
    openKeyLog()!("CLIENT_RANDOM 01 02");
    openKeyLog()!("CLIENT_RANDOM 03 04");
    const text = await Deno.readTextFile(`${folder}/keys.txt`);
    assert.equal(text, "CLIENT_RANDOM 01 02\nCLIENT_RANDOM 03 04\n");
    // Only the owner of the file may read secrets.
    assert.equal((await Deno.stat(`${folder}/keys.txt`)).mode! & 0o077, 0);
    Deno.env.set("SSLKEYLOGFILE", `${folder}/missing/keys.txt`);
    assert.equal(openKeyLog(), undefined);
  } finally {
    if (before === undefined) Deno.env.delete("SSLKEYLOGFILE");
    else Deno.env.set("SSLKEYLOGFILE", before);
    await Deno.remove(folder, { recursive: true });
  }
});
