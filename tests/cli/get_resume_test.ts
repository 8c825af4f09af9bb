import assert from "node:assert/strict";
import { makeIssuedCertificate } from "../../mod.ts";
import { FileSite, untilSize } from "./file_site.ts";
import { mainCommand } from "./program_runner.ts";

// Downloads of a real program that is killed, interrupted, or whose server or disk goes away.

const SIZE = 12_000_000;

/** A folder with a certificate for 127.0.0.1, and a folder to serve. */
async function certifiedFolder(): Promise<string> {
  const folder = await Deno.makeTempDir();
  const { certPem, keyPem, caPem } = await makeIssuedCertificate(["127.0.0.1"]);
  await Deno.writeTextFile(`${folder}/fullchain.pem`, certPem);
  await Deno.writeTextFile(`${folder}/privkey.pem`, keyPem);
  await Deno.writeTextFile(`${folder}/authority.pem`, caPem);
  await Deno.mkdir(`${folder}/www`);
  return folder;
}

function randomContent(size: number): Uint8Array<ArrayBuffer> {
  const content = new Uint8Array(size);
  for (let at = 0; at < size; at += 60_000) {
    crypto.getRandomValues(content.subarray(at, at + 60_000));
  }
  return content;
}

/** Serves such a folder; resolves when clients can connect. */
async function startServer(
  folder: string,
  port: number,
  ...flags: string[]
): Promise<Deno.ChildProcess> {
  const process = mainCommand([
    ...["serve", `${folder}/www`, "--cert-path", folder, "-p", `${port}`, "--host", "127.0.0.1"],
    ...flags,
  ]).spawn();
  const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = ""; !text.includes("Listening on");) text += (await reader.read()).value ?? "";
  reader.cancel();
  return process;
}

async function kill(process: Deno.ChildProcess): Promise<void> {
  process.kill("SIGKILL");
  await Promise.all([process.status, process.stderr.cancel()]);
}

/** Where the first answer to a range begins. */
function rangeStart(site: FileSite, number: number): number {
  return Number(/^bytes=(\d+)-$/.exec(site.requests[number]!.range!)![1]);
}

Deno.test("mpquic get goes on where it was when it was killed", async () => {
  await using site = await FileSite.start(SIZE);
  const path = `${site.folder}/file`;
  const first = site.get("-s", "-o", path, site.url()).spawn();
  await untilSize(`${path}.part`, 4_000_000);
  first.kill("SIGKILL");
  await Promise.all([first.status, first.stdout.cancel(), first.stderr.cancel()]);
  const { size } = await Deno.stat(`${path}.part`);
  const { code, stderr } = await site.run("-o", path, site.url());
  assert.equal(code, 0, stderr);
  assert.match(stderr, /mpquic: Going on with .*file\.part, in which \d+ bytes are\n/);
  assert.deepEqual(await Deno.readFile(path), site.content);
  assert.equal(site.requests.length, 2);
  assert.equal(site.requests[1]!.condition, site.etag);
  const twice = size - rangeStart(site, 1);
  assert.ok(twice >= 0 && twice <= 1_000_000, `${twice} bytes twice`);
  const names = [...Deno.readDirSync(site.folder)].map(({ name }) => name).sort();
  assert.deepEqual(names, ["authority.pem", "file"]);
});

Deno.test("mpquic get that is interrupted says so, keeps its part, and does not join versions", async () => {
  await using site = await FileSite.start(SIZE);
  const path = `${site.folder}/file`;
  const first = site.get("-s", "-S", "-o", path, site.url()).spawn();
  await untilSize(`${path}.part`, 1_000_000);
  first.kill("SIGINT");
  const { code, stderr } = await first.output();
  const told = new TextDecoder().decode(stderr);
  assert.equal(code, 130, told);
  assert.equal(
    told,
    "mpquic: Stopped before the end; the same command goes on with what has come\n",
  );
  assert.ok((await Deno.stat(`${path}.part`)).size >= 1_000_000);
  site.content = site.content.slice().reverse();
  site.etag = '"2"';
  const second = await site.run("-o", path, site.url());
  assert.equal(second.code, 0, second.stderr);
  assert.match(second.stderr, /mpquic: Starting over with https:.*: the file has changed\n/);
  assert.deepEqual(await Deno.readFile(path), site.content);
});

Deno.test("mpquic get outlives a server that is killed and started again", async () => {
  const folder = await certifiedFolder();
  const content = randomContent(SIZE);
  await Deno.writeFile(`${folder}/www/file`, content);
  await Deno.utime(`${folder}/www/file`, 1_700_000_000, 1_700_000_000);
  const port = freePort();
  const start = () => startServer(folder, port);
  let server = await start();
  try {
    const path = `${folder}/file`;
    // Slowly enough that it is under way when the server is killed.
    const fetching = mainCommand([
      ...["get", "--cacert", `${folder}/authority.pem`, "--limit-rate", "2M"],
      ...["--retry-delay", "0.2", "--connect-timeout", "2", "-o", path],
      `https://127.0.0.1:${port}/file`,
    ]).spawn();
    await untilSize(`${path}.part`, 2_000_000);
    await kill(server);
    server = await start();
    const { code, stderr } = await fetching.output();
    const told = new TextDecoder().decode(stderr);
    assert.equal(code, 0, told);
    assert.match(told, /was lost.*trying again in .* going on at byte \d{7}/);
    assert.deepEqual(await Deno.readFile(path), content);
  } finally {
    await kill(server);
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test({
  name: "mpquic get on a full disk says so, keeps the part, and goes on when there is room",
  ignore: Deno.build.os !== "linux" || Deno.uid() !== 0,
}, async () => {
  await using site = await FileSite.start(6_000_000);
  site.pace = 0;
  const disk = `${site.folder}/disk`;
  await Deno.mkdir(disk);
  const mount = (...args: string[]) => new Deno.Command("mount", { args }).output();
  const mounted = await mount("-t", "tmpfs", "-o", "size=3m", "tmpfs", disk);
  assert.ok(mounted.success, "tmpfs cannot be mounted");
  try {
    const path = `${disk}/file`;
    const full = await site.run("-s", "-S", "-o", path, site.url());
    assert.equal(full.code, 23, full.stderr);
    assert.match(full.stderr, /^mpquic: Cannot write .*: the disk is full; make room and run/);
    assert.ok((await Deno.stat(`${path}.part`)).size > 2_000_000);
    await mount("-o", "remount,size=20m", disk);
    const { code, stderr } = await site.run("-s", "-S", "-o", path, site.url());
    assert.equal(code, 0, stderr);
    assert.deepEqual(await Deno.readFile(path), site.content);
    assert.ok(rangeStart(site, 1) > 2_000_000);
  } finally {
    await new Deno.Command("umount", { args: [disk] }).output();
  }
});

Deno.test({
  name: "mpquic get -D on a full disk says so, and not that the connection was lost",
  ignore: Deno.build.os !== "linux" || Deno.uid() !== 0,
}, async () => {
  await using site = await FileSite.start(1_000);
  const disk = `${site.folder}/disk`;
  await Deno.mkdir(disk);
  const mount = ["-t", "tmpfs", "-o", "size=4k", "tmpfs", disk];
  assert.ok((await new Deno.Command("mount", { args: mount }).output()).success);
  try {
    await Deno.writeFile(`${disk}/all`, new Uint8Array(4_096));
    const { code, stderr } = await site.run("-s", "-S", "-D", `${disk}/head`, site.url());
    const text = `Cannot write ${disk}/head: the disk is full; name another file with -D`;
    assert.deepEqual([code, stderr], [23, `mpquic: ${text}\n`]);
  } finally {
    await new Deno.Command("umount", { args: [disk] }).output();
  }
});

Deno.test("mpquic get -T goes on with a server that was killed and started again", async () => {
  const folder = await certifiedFolder();
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode("x")));
  await Deno.writeTextFile(`${folder}/users`, `me:${hash.toHex()}\n`);
  const content = randomContent(6_000_000);
  await Deno.writeFile(`${folder}/file`, content);
  const port = freePort();
  const start = () => startServer(folder, port, "--allow-upload", "--auth", `${folder}/users`);
  const partSize = () => {
    const part = [...Deno.readDirSync(`${folder}/www`)].find(({ name }) => name.startsWith("."));
    return part ? Deno.statSync(`${folder}/www/${part.name}`).size : 0;
  };
  let server = await start();
  try {
    const sending = mainCommand([
      ...["get", "--cacert", `${folder}/authority.pem`, "-u", "me:x", "--limit-rate", "2M"],
      ...["--retry-delay", "0.3", "--connect-timeout", "2", "-f", "-T", `${folder}/file`],
      `https://127.0.0.1:${port}/up`,
    ]).spawn();
    for (let i = 0; partSize() < 1_000_000; i++) {
      assert.ok(i < 600, "nothing comes");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await kill(server);
    server = await start();
    const { code, stderr } = await sending.output();
    const told = new TextDecoder().decode(stderr);
    assert.equal(code, 0, told);
    assert.match(told, /Going on at byte \d{7} of 6000000, which the server has/);
    assert.deepEqual(await Deno.readFile(`${folder}/www/up`), content);
  } finally {
    await kill(server);
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("mpquic get ends with the codes of curl, and a sentence", async () => {
  await using site = await FileSite.start(1_000);
  const closed = freePort();
  await Deno.writeTextFile(`${site.folder}/plain`, "");
  const cases: [args: string[], code: number, pattern: RegExp][] = [
    [["-o", "/nowhere/file", site.url()], 23, /its folder does not exist; name another file/],
    [["-o", `${site.folder}/plain/file`, site.url()], 23, /what should be its folder is a file/],
    [["-o", site.folder, site.url()], 23, /it is a folder/],
    [["-T", "/nowhere", site.url()], 26, /Cannot read \/nowhere: there is no such file/],
    [["-C", "500", "--output", `${site.folder}/plain`, site.url()], 0, /^$/],
    [["-C", "5000", site.url()], 33, /Cannot go on at byte 5000/],
    [["--connect-timeout", "0.3", `https://127.0.0.1:${closed}/`], 28, /nothing answers/],
    [["https://no-such-host.invalid/"], 6, /Cannot find no-such-host\.invalid/],
    [["--cacert", "/nowhere", site.url()], 77, /Cannot read \/nowhere/],
    [["-m", "0.4", site.url("/slow")], 28, /Cannot finish in 0\.4 s/],
    [["ftp://127.0.0.1/"], 1, /begins with https/],
    [["--checksum", "0".repeat(64), "-o", `${site.folder}/x`, site.url()], 32, /its sha256 is/],
  ];
  for (const [args, code, pattern] of cases) {
    site.pace = args.includes("-m") ? 5_000 : 0;
    const outcome = await site.run("-s", "-S", ...args);
    assert.equal(outcome.code, code, `${args.join(" ")}: ${outcome.stderr}`);
    assert.match(outcome.stderr, pattern);
    assert.ok(outcome.stderr.split("\n").length <= 2, outcome.stderr);
  }
  assert.equal((await Deno.stat(`${site.folder}/plain`)).size, 500);
  assert.deepEqual([...Deno.readDirSync(site.folder)].filter(({ name }) => name === "x"), []);
  const refused = mainCommand(["get", "-s", "-S", site.url()]);
  const { code, stderr } = await refused.output();
  assert.equal(code, 60, new TextDecoder().decode(stderr));
});

function freePort(): number {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  socket.close();
  return (socket.addr as Deno.NetAddr).port;
}
