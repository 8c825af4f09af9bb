import assert from "node:assert/strict";
import { join } from "node:path";
import { keyPairIn } from "../../cli/server/certificate.ts";
import { KeyPairWatch } from "../../cli/server/key_pair_watch.ts";
import { fetch, makeDevelopmentCertificate, serve } from "../../mod.ts";

async function newPair(): Promise<{ cert: string; key: string }> {
  const { certPem, keyPem } = await makeDevelopmentCertificate(["127.0.0.1"]);
  return { cert: certPem, key: keyPem };
}

async function write(folder: string, pair: { cert: string; key: string }): Promise<void> {
  await Deno.writeTextFile(join(folder, "fullchain.pem"), pair.cert);
  await Deno.writeTextFile(join(folder, "privkey.pem"), pair.key);
}

Deno.test("a server takes over renewed certificate files, and keeps the old ones if the new fail", async () => {
  const folder = await Deno.makeTempDir();
  const [first, second] = [await newPair(), await newPair()];
  await write(folder, first);
  await using server = serve(
    { port: 0, localAddresses: ["127.0.0.1"], ...first },
    () => new Response("here"),
  );
  const failures: string[] = [];
  const watch = new KeyPairWatch(keyPairIn(folder), first, (renewed) => {
    if (renewed instanceof Error) failures.push(renewed.message);
    else server.setCertificates(renewed);
  }, 1e6);
  const url = `https://127.0.0.1:${server.addr.port}/`;
  const trusted = async (cert: string): Promise<string> => {
    const response = await fetch(url, { caCerts: [cert], localAddresses: ["127.0.0.1"] });
    return await response.text();
  };
  try {
    assert.equal(await trusted(first.cert), "here");
    await Deno.writeTextFile(join(folder, "fullchain.pem"), second.cert);
    await watch.look();
    await watch.look();
    assert.equal(failures.length, 1, "a half-written pair is said once");
    assert.match(failures[0]!, /not the key of it/);
    assert.equal(await trusted(first.cert), "here");
    await write(folder, second);
    await watch.look();
    assert.equal(await trusted(second.cert), "here");
  } finally {
    watch.stop();
    await Deno.remove(folder, { recursive: true });
  }
});
