import assert from "node:assert/strict";
import { makeIssuedCertificate, serve } from "../../mod.ts";
import { run } from "./program_runner.ts";

/** Runs the client on three interfaces, against a server that allows so many paths. */
async function visit(maxConcurrentPaths: number): Promise<string> {
  const { certPem: cert, keyPem: key } = await makeIssuedCertificate(["127.0.0.1"]);
  const closing = new AbortController();
  const { signal } = closing;
  const options = { port: 0, localAddresses: ["127.0.0.1"], cert, key, maxConcurrentPaths, signal };
  const server = serve(options, () => new Response(slow()));
  try {
    const lists = ["-n", "127.0.0.2,127.0.0.3,127.0.0.4", "-m", "30"];
    const url = `https://127.0.0.1:${server.addr.port}/`;
    const { code, stderr } = await run("client", "-k", ...lists, url);
    assert.equal(code, 0, stderr);
    return stderr;
  } finally {
    closing.abort();
  }
}

/** A body that ends when all paths should have been tried. */
function slow(): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start: (controller) => void setTimeout(() => controller.close(), 4_500),
  });
}

Deno.test("the client says how many of its paths the server allows", async () => {
  const [one, two, all] = await Promise.all([visit(1), visit(2), visit(4)]);
  assert.match(one, /^The server allows one path only; going on with it$/m);
  assert.match(two, /^Of 3 paths the server allows only 2 so far$/m);
  assert.doesNotMatch(all, /server allows/);
  assert.equal(all.match(/^Path \d \(127\.0\.0\.[234]:.* works$/gm)?.length, 3, all);
});
