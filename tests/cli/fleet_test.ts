import assert from "node:assert/strict";
import { Failure } from "../../cli/console/failure.ts";
import { readConfigurations, readSecret } from "../../cli/server/fleet.ts";
import { assertSentence, run } from "./program_runner.ts";

const serverId = Uint8Array.of(1, 2, 3, 4);

async function withFolder(action: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await action(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function refused(reason: RegExp): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof Failure);
    assert.match(error.message, reason);
    return true;
  };
}

Deno.test("readSecret() makes a secret that only its owner reads, and reads it again", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/secret`;
    const secret = await readSecret(path);
    assert.equal(secret.length, 64);
    assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
    assert.deepEqual(await readSecret(path), secret);
    assert.notDeepEqual(await readSecret(`${folder}/another`), secret);
  });
});

Deno.test("readSecret() refuses what others may read, what is short, and what it cannot make", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/secret`;
    await readSecret(path);
    await Deno.chmod(path, 0o640);
    await assert.rejects(readSecret(path), refused(/others may read it; run chmod 600 /));
    await Deno.writeTextFile(`${folder}/short`, "abc\n", { mode: 0o600 });
    await assert.rejects(
      readSecret(`${folder}/short`),
      refused(/it has 3 bytes, and 32 are needed/),
    );
    await assert.rejects(
      readSecret(`${folder}/none/secret`),
      refused(
        /Cannot make the secret .*: its folder does not exist; name another file with --secret-file/,
      ),
    );
    await assert.rejects(readSecret(folder), refused(/it is a folder/));
  });
});

Deno.test("readConfigurations() reads what balancers know, for this server", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/cid.json`;
    const read = async (value: unknown) => {
      const text = typeof value === "string" ? value : JSON.stringify(value);
      await Deno.writeTextFile(path, text);
      return await readConfigurations(path, serverId);
    };
    const key = "8f95f09245765f80256934e50c66207f";
    const good = { id: 2, serverIdLength: 4, nonceLength: 12, key };
    assert.deepEqual(await read([good, { ...good, id: 1, key: undefined }]), [
      { id: 2, serverId, nonceLength: 12, key: Uint8Array.fromHex(key) },
      { id: 1, serverId, nonceLength: 12 },
    ]);
    const bad: [unknown, RegExp][] = [
      ["{", /it is no JSON: /],
      [good, /write a list, such as /],
      [[{ ...good, serverIdLength: 3 }], /serverIdLength is 3, and --server-id has 4 bytes/],
      [[{ ...good, key: "12" }], /key must be 32 hexadecimal digits/],
      [[{ ...good, id: "2" }], /needs the numbers id and nonceLength/],
      [[{ ...good, kye: key }], /there is no "kye" in a configuration/],
      [[null], /needs the numbers/],
    ];
    for (const [value, reason] of bad) await assert.rejects(read(value), refused(reason));
    await assert.rejects(
      readConfigurations(`${folder}/x`, serverId),
      refused(/there is no such file/),
    );
  });
});

Deno.test("the server says which flags of balancers belong together, and what fits none", async () => {
  await withFolder(async (folder) => {
    const config = `${folder}/cid.json`;
    await Deno.writeTextFile(config, '[{"id":7,"serverIdLength":2,"nonceLength":9}]');
    const cases: [string[], number, RegExp][] = [
      [["--server-id=01"], 2, /Cannot use --server-id alone: give --cid-config FILE with it/],
      [[`--cid-config=${config}`], 2, /Cannot use --cid-config alone: give --server-id HEX/],
      [["--server-id=xyz", `--cid-config=${config}`], 2, /Cannot use "xyz" for --server-id/],
      [["--server-id=0102", `--cid-config=${config}`], 1, /id 7 must be a whole number/],
      [
        [`--secret-file=${folder}`],
        1,
        /Cannot read the secret .*: it is a folder; name another file with --secret-file/,
      ],
    ];
    for (const [flags, code, reason] of cases) {
      const outcome = await run("server", "--host", "127.0.0.1", "-p", "0", ...flags, folder);
      assertSentence(outcome, code, reason);
    }
  });
});
