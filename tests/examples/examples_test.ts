import assert from "node:assert/strict";
import { connectWebTransport, schedulers, WebTransportError } from "../../mod.ts";
import { exactly, permissionLine } from "../permissions/permission_line.ts";

/** Starts an example, or a program for it, with the permissions of its first line. */
function command(path: string, ...args: string[]): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    ...exactly(path, args),
    cwd: "/", // an example runs from anywhere
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

/** Runs an example to its end and gives what it printed. */
async function run(example: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await command(`examples/${example}.ts`, ...args).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/** Starts an example that goes on, and waits for the port it says it listens on. */
async function withServer(
  example: string,
  args: string[],
  use: (port: string) => Promise<void>,
): Promise<void> {
  const process = command(`examples/${example}.ts`, ...args).spawn();
  const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  try {
    let text = "";
    let port: string | undefined;
    while (!(port = /port (\d+)\n/.exec(text)?.[1])) {
      const { value, done } = await reader.read();
      assert.ok(!done, "the server has ended");
      text += value;
    }
    await use(port);
  } finally {
    process.kill("SIGKILL");
    await Promise.all([process.status, reader.cancel(), process.stderr.cancel()]);
  }
}

Deno.test("two_paths.ts uses both paths", async () => {
  const [, total, first, second] =
    /^(\d+) bytes came\npath 0 from port \d+: (\d+) bytes\npath 1 from port \d+: (\d+) bytes\n$/
      .exec(await run("two_paths"))!.map(Number);
  assert.equal(total, 20_000_000);
  assert.ok(first! > 1_000_000 && second! > 1_000_000, `${first} and ${second}`);
});

Deno.test("custom_scheduler.ts sends three datagrams on the first path for one on the last", async () => {
  const [, total, first, last] = /^(\d+) bytes came\npath 0: (\d+) .*\npath 1: (\d+)/
    .exec(await run("custom_scheduler"))!.map(Number);
  assert.equal(total, 5_000_000);
  // Those of one path may have 8,952 bytes for a while, and those of the other still 1,200.
  assert.ok(first! > 2 * last! && last! > 200_000, `${first} and ${last}`);
});

Deno.test("core.ts brings bytes across without a socket, and without any permission", async () => {
  assert.match(await run("core"), /^after \d+ ms the server has "Hello without sockets"\n$/);
});

Deno.test("simulate.ts compares all schedulers in virtual time", async () => {
  const lines = (await run("simulate")).trimEnd().split("\n").slice(1);
  assert.deepEqual(
    lines.map((line) => line.split(" ")[0]).sort(),
    schedulers.map(({ name }) => name).sort(),
  );
  const median = (name: string) =>
    Number(/(\d+) ms/.exec(lines.find((line) => line.startsWith(name))!)![1]);
  assert.ok(median("earliestCompletion") < 0.8 * median("backup"), "three links beat one");
});

Deno.test("datagrams.ts measures round trips", async () => {
  const output = await run("datagrams");
  assert.match(output, /^Up to \d{4} bytes/);
  assert.equal(output.match(/^\d: \d+\.\d\d ms$/gm)?.length, 5);
});

Deno.test("echo_client.ts hears what it said to echo_server.ts", async () => {
  await withServer("echo_server", ["0"], async (port) => {
    assert.equal(await run("echo_client", "a word", port), "a word\n");
    assert.equal(await run("echo_client", "another", port), "another\n");
  });
});

Deno.test("demo_server.ts serves the tiles over HTTP/3", async () => {
  await withServer("demo_server", ["0"], async (port) => {
    const url = `https://127.0.0.1:${port}/demo/tiles`;
    const { code, stderr } = await command("cli/client.ts", "--insecure", "-v", url).output();
    assert.equal(code, 0);
    const tiles = new TextDecoder().decode(stderr).match(/^200 .*\/demo\/tile\?n=\d+ /gm);
    assert.equal(tiles?.length, 200);
  });
});

Deno.test("web_transport.ts shows pointers and lines of its visitors, and no other page's", async () => {
  await withServer("web_transport", ["0", "0"], async (port) => {
    const page = await (await fetch(`http://127.0.0.1:${port}/`)).text();
    const value = new Uint8Array(JSON.parse(/Uint8Array\((\[[\d,]+\])\)/.exec(page)![1]!));
    const url = /https:\/\/127\.0\.0\.1:\d+\//.exec(page)![0];
    const visit = (origin: string) =>
      connectWebTransport(url, {
        localAddresses: ["127.0.0.1"],
        serverCertificateHashes: [{ algorithm: "sha-256", value }],
        headers: { origin },
      });
    await using first = await visit(`http://localhost:${port}`);
    await using second = await visit(`http://localhost:${port}`);
    const pointers = first.datagrams.readable.getReader();
    await second.datagrams.writable.getWriter().write(Uint8Array.of(1, 0, 2, 0));
    assert.deepEqual([...(await pointers.read()).value!], [1, 1, 0, 2, 0]);
    const line = (await second.createUnidirectionalStream()).getWriter();
    void line.write(new TextEncoder().encode("hello"));
    void line.close();
    for (const { incomingUnidirectionalStreams } of [first, second]) {
      const { value: stream } = await incomingUnidirectionalStreams.getReader().read();
      assert.equal(await new Response(stream).text(), "hello");
    }
    const refusal = await visit("https://evil.example").catch((error) => error);
    assert.ok(refusal instanceof WebTransportError && refusal.status === 403, `${refusal}`);
  });
});

Deno.test("demo.ts fetches a file over two paths and compares its hash", async () => {
  const output = await run("demo", "10");
  assert.match(output, /10000000 bytes in .*\n.*\n0 .*127\.0\.0\.1:.*open\n1 .*open\n/);
  const [, sent, received] = /SHA-256 sent: +(\w{64})\n +SHA-256 received: (\w{64})\n/.exec(
    output,
  )!;
  assert.equal(sent, received);
});

Deno.test("examples/README.md has the command of each example, with the flags of its first line", () => {
  const folder = new URL("../../examples/", import.meta.url);
  const text = Deno.readTextFileSync(new URL("README.md", folder));
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name)
    .filter((name) => name.endsWith(".ts") && name !== "demo_handlers.ts");
  const commands = text.match(/^deno run .*$/gm);
  const expected = names.map((name) =>
    ["deno run", ...permissionLine(`examples/${name}`), `examples/${name}`].join(" ")
  );
  assert.deepEqual(commands?.toSorted(), expected.toSorted());
  for (const name of names) assert.ok(text.includes(`](${name})`), `no row for ${name}`);
});
