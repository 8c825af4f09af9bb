import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { fetch as fetchHttp3, makeIssuedCertificate } from "../../mod.ts";
import { RunningServer } from "./program_runner.ts";

// Uploads of unknown length, in the middle of which the disk is full.

const HOST = "127.0.0.1";
const DISK = 8_000_000;

interface Answer {
  readonly status: number;
  readonly text: string;
}

type Send = (url: string, init: RequestInit) => Promise<Answer>;

const { certPem, keyPem, caPem } = await makeIssuedCertificate([HOST]);

async function answerOf(response: Response): Promise<Answer> {
  return { status: response.status, text: await response.text() };
}

const ways: Readonly<Record<string, Send>> = {
  "HTTP/3": async (url, init) =>
    await answerOf(await fetchHttp3(url, { ...init, caCerts: [caPem], localAddresses: [HOST] })),
  "HTTP/2": async (url, init) => {
    using client = Deno.createHttpClient({ caCerts: [caPem], http1: false });
    return await answerOf(await fetch(url, { ...init, client }));
  },
  "HTTP/1.1": async (url, init) => {
    using client = Deno.createHttpClient({ caCerts: [caPem], http2: false });
    return await answerOf(await fetch(url, { ...init, client }));
  },
};

/** Content that says nothing of its length. */
function content(size: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  let left = size;
  return new ReadableStream({
    pull(controller) {
      const length = Math.min(left, 65_536);
      left -= length;
      if (length > 0) controller.enqueue(new Uint8Array(length).fill(7));
      if (left === 0) controller.close();
    },
  });
}

async function withSmallDisk(use: (disk: string, folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  const disk = `${folder}/site`;
  await Deno.mkdir(disk);
  const mount = ["-t", "tmpfs", "-o", `size=${DISK}`, "tmpfs", disk];
  const mounted = await new Deno.Command("mount", { args: mount }).output();
  assert.ok(mounted.success, "tmpfs cannot be mounted");
  try {
    await Deno.writeTextFile(`${folder}/c.pem`, certPem);
    await Deno.writeTextFile(`${folder}/k.pem`, keyPem);
    const hash = createHash("sha256").update("x").digest("hex");
    await Deno.writeTextFile(`${folder}/users`, `me:${hash}\n`);
    await use(disk, folder);
  } finally {
    await new Deno.Command("umount", { args: [disk] }).output();
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test({
  name: "an upload that fills the disk is refused, leaves nothing, and the server goes on",
  ignore: Deno.build.os !== "linux" || Deno.uid() !== 0,
}, async () => {
  await withSmallDisk(async (disk, folder) => {
    const log = `${folder}/log`;
    await using server = await RunningServer.start(
      ...["--cert", `${folder}/c.pem`, "--key", `${folder}/k.pem`, "-p", "0", "--host", HOST],
      ...["-tcp", "--allow-upload", "--auth", `${folder}/users`],
      ...["--access-log", log, "--log-format", "json", disk],
    );
    const url = `https://${HOST}:${server.port}/`;
    const headers = { authorization: `Basic ${btoa("me:x")}` };
    for (const [name, send] of Object.entries(ways)) {
      const large = await send(`${url}large`, { method: "PUT", body: content(2 * DISK), headers });
      assert.deepEqual(large, { status: 507, text: "There is no room for this file.\n" }, name);
      assert.deepEqual([...Deno.readDirSync(disk)], [], `${name} leaves something`);
      const small = await send(`${url}small`, { method: "PUT", body: content(DISK / 2), headers });
      assert.equal(small.status, 201, name);
      assert.equal((await Deno.stat(`${disk}/small`)).size, DISK / 2);
      await Deno.remove(`${disk}/small`);
    }
    const wanted = Object.keys(ways).flatMap(() => [507, 201]);
    let found: number[] = [];
    for (let i = 0; found.length < wanted.length; i++) {
      assert.ok(i < 200, `the log has only ${found}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
      const lines = (await Deno.readTextFile(log)).trim().split("\n").map((line) =>
        JSON.parse(line)
      );
      found = lines.map(({ status }) => status);
      if (found.length === wanted.length) {
        assert.deepEqual(found, wanted);
        assert.ok(lines.every(({ method, user }) => method === "PUT" && user === "me"));
      }
    }
  });
});
