import assert from "node:assert/strict";
import { nativeSockets } from "../../src/io/native/tier.ts";
import { linkOf } from "../sim/pair.ts";
import { PORT, serverAddress, Testbed, whyNoNamespaces } from "./testbed.ts";

const reason = await whyNoNamespaces();
const SIZE = 40_000_000;
/** The address that the second link gets in place of its first. */
const LATER = "10.77.1.9";

/** Random bytes, and what serves them on the testbed. */
async function serveFile(
  testbed: Testbed,
  folder: string,
): Promise<{ content: Uint8Array; stop: () => Promise<void> }> {
  const content = new Uint8Array(SIZE);
  for (let at = 0; at < SIZE; at += 50_000) {
    crypto.getRandomValues(content.subarray(at, at + 50_000));
  }
  await Deno.mkdir(`${folder}/www`);
  await Deno.writeFile(`${folder}/www/file`, content);
  await Deno.utime(`${folder}/www/file`, 1_700_000_000, 1_700_000_000);
  const args = ["serve", `${folder}/www`, "-p", `${PORT}`, "-n", "s"];
  const server = testbed.program(testbed.server, "cli/main.ts", args).spawn();
  const reader = server.stdout.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = ""; !text.includes("Listening");) text += (await reader.read()).value ?? "";
  const stop = async () => {
    server.kill("SIGKILL");
    await Promise.all([reader.cancel(), server.stderr.cancel(), server.status]);
  };
  return { content, stop };
}

async function sizeOf(path: string): Promise<number> {
  return await Deno.stat(path).then(({ size }) => size, () => 0);
}

/** Bytes that each link has brought so far. */
async function brought(testbed: Testbed): Promise<number[]> {
  const { links } = await testbed.order();
  return links.map(({ down }) => down.deliveredBytes);
}

/** Of all that has come so far, the share of the link that has brought less. */
async function leastShare(testbed: Testbed): Promise<number> {
  const [first, second] = await brought(testbed) as [number, number];
  return Math.min(first, second) / (first + second);
}

/** Gives the second link its other address where sockets follow the rules of the machine. */
async function readdressWithRule(testbed: Testbed): Promise<void> {
  await testbed.removeAddress(1);
  await testbed.addAddress(1, LATER);
}

/** Waits until something is so; a busy machine may take long. */
async function until(
  isSo: () => Promise<boolean>,
  complaint = "it takes too long",
): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!await isSo()) {
    assert.ok(performance.now() < deadline, complaint);
    await pause(50);
  }
}

/** Waits until the part has grown by some bytes. */
async function growth(path: string, bytes: number): Promise<void> {
  const from = await sizeOf(path);
  const hasGrown = async () => await sizeOf(path) >= from + bytes;
  await until(hasGrown, `less than ${bytes} bytes came after ${from}`);
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

Deno.test({
  name:
    "mpquic get brings a file through the loss of each link, of both for 35 s, and a new address",
  ignore: reason !== undefined,
  async fn() {
    await using testbed = await Testbed.make([linkOf(20, 30), linkOf(20, 30)]);
    const folder = await Deno.makeTempDir();
    const { content, stop } = await serveFile(testbed, folder);
    try {
      // Two default routes and no rules: only a socket that is bound to its link gets through.
      const isNative = typeof nativeSockets() !== "string";
      if (isNative) await testbed.useDefaultRoutes(2);
      const path = `${folder}/file`;
      const url = `https://${serverAddress(0)}:${PORT}/file`;
      const args = ["get", "-k", "-n", "c0,c1", "--retry-delay", "1", "-o", path, url];
      const more = isNative ? ["--allow-ffi"] : [];
      const fetching = testbed.program(testbed.client, "cli/main.ts", args, more).spawn();
      const output = fetching.output();
      const part = `${path}.part`;
      await growth(part, 8_000_000);
      await until(async () => await leastShare(testbed) >= 0.4 || await sizeOf(part) > 16_000_000);
      const share = await leastShare(testbed);
      assert.ok(share >= 0.4, `a link brought ${share} of the file`);
      for (const link of [0, 1]) {
        await testbed.order({ link, cut: true });
        await pause(500);
        await growth(part, 2_000_000);
        await testbed.order({ link, cut: false });
        await pause(500);
      }
      await (isNative ? testbed.readdress(1, LATER) : readdressWithRule(testbed));
      const before = await brought(testbed);
      const isCarried = async () => (await brought(testbed))[1]! > before[1]! + 1_000_000;
      await until(isCarried, "the new address carries nothing");
      for (const link of [0, 1]) await testbed.order({ link, cut: true });
      await pause(35_000);
      const silent = await sizeOf(part);
      assert.ok(silent < SIZE, "all had come before the links were cut");
      for (const link of [0, 1]) await testbed.order({ link, cut: false });
      const { code, stderr } = await output;
      const told = new TextDecoder().decode(stderr);
      assert.equal(code, 0, told);
      assert.deepEqual(await Deno.readFile(path), content);
      assert.match(told, /Path \d+ over c0 .* does not answer/);
      assert.match(told, /Path \d+ over c1 .* does not answer/);
      assert.match(told, /Path \d+ over c1 \(10\.77\.1\.1:.* is given up: its address is gone/);
      assert.match(told, /Path \d+ over c1 \(10\.77\.1\.9:.* works/);
    } finally {
      await stop();
      await Deno.remove(folder, { recursive: true });
    }
  },
});
