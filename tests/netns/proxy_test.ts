import assert from "node:assert/strict";
import { hashOf } from "../proxy/far_side.ts";
import { linkOf } from "../sim/pair.ts";
import { ORIGIN_PORT } from "./origin.ts";
import { payload } from "./payload.ts";
import { clientAddress, PORT, serverAddress, Testbed, whyNoNamespaces } from "./testbed.ts";

const reason = await whyNoNamespaces();
const TOKEN = "a-token-of-this-test";
const SIZE = 12_000_000;

/** Starts a program and waits for a word of it; the function ends it. */
async function start(command: Deno.Command, word: string): Promise<() => Promise<void>> {
  const process = command.spawn();
  const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = ""; !text.includes(word);) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`it ended: ${await new Response(process.stderr).text()}`);
    text += value;
  }
  return async () => {
    process.kill("SIGKILL");
    await Promise.all([reader.cancel(), process.stderr.cancel(), process.status]);
  };
}

/** Fetches from the origin by curl through the proxy. */
function curl(testbed: Testbed, way: readonly string[], size: number): Promise<Deno.CommandOutput> {
  const url = `http://127.0.0.1:${ORIGIN_PORT}/${size}`;
  const args = ["netns", "exec", testbed.client, "curl", "-sS", "--noproxy", "", ...way, url];
  return new Deno.Command("ip", { args, stdout: "piped", stderr: "piped" }).output();
}

async function received(testbed: Testbed): Promise<number[]> {
  return (await testbed.order()).links.map(({ down }) => down.deliveredBytes);
}

Deno.test({
  name: "curl goes over both links by mpquic proxy, and through the loss of one for good",
  ignore: reason !== undefined,
  async fn() {
    await using testbed = await Testbed.make([linkOf(20, 20), linkOf(20, 40)]);
    await using stack = new AsyncDisposableStack();
    const folder = await Deno.makeTempDir();
    stack.defer(() => Deno.remove(folder, { recursive: true }));
    await Deno.writeTextFile(`${folder}/token`, TOKEN);
    await Deno.writeTextFile(`${folder}/users`, `anna:${await hashOf(TOKEN)}`);
    await Deno.mkdir(`${folder}/www`);
    await testbed.start(testbed.server, "origin.ts");
    const far = ["serve", `${folder}/www`, "-p", `${PORT}`, "-n", "s", "--proxy"];
    const rules = ["--users", `${folder}/users`, "--proxy-allow", "127.0.0.1"];
    const gateway = testbed.program(testbed.server, "cli/main.ts", [...far, ...rules]);
    stack.defer(await start(gateway, "Listening"));
    const via = ["--via", `https://${serverAddress(0)}:${PORT}`, "--token-file", `${folder}/token`];
    const near = ["proxy", ...via, "-k", "-n", `${clientAddress(0)},${clientAddress(1)}`];
    stack.defer(await start(testbed.program(testbed.client, "cli/main.ts", near), "Chromium"));

    const whole = payload(0, SIZE);
    for (const way of [["-x", "http://127.0.0.1:1080"], ["-p", "-x", "socks5h://127.0.0.1:1080"]]) {
      const before = await received(testbed);
      const { code, stdout, stderr } = await curl(testbed, way, SIZE);
      assert.equal(code, 0, new TextDecoder().decode(stderr));
      assert.deepEqual(stdout, whole);
      const brought = (await received(testbed)).map((bytes, i) => bytes - before[i]!);
      assert.ok(Math.min(...brought) > 0.25 * SIZE, `the links brought ${brought}`);
    }

    const before = await received(testbed);
    const fetching = curl(testbed, ["-x", "http://127.0.0.1:1080"], SIZE);
    while ((await received(testbed))[1]! < before[1]! + 1_000_000) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await testbed.order({ link: 1, cut: true });
    const { code, stdout } = await fetching;
    assert.equal(code, 0);
    assert.deepEqual(stdout, whole);
  },
});
