import assert from "node:assert/strict";
import { FileSite } from "./file_site.ts";

// Flags of mpquic get that curl does not have, in a program that runs.

Deno.test("mpquic get takes everything about the transport at once", async () => {
  await using site = await FileSite.start(300_000);
  site.pace = 0;
  const { folder } = site;
  const { code, stderr } = await site.run(
    ...["-n", "127.0.0.1", "--local-address", "127.0.0.1", "--scheduler", "rr"],
    ...["--stream-scheduler", "rr", "--congestion-control", "cubic", "--reinjection", "noCopies"],
    ...["--initial-window", "20", "--flow-window", "512", "--qlog", `${folder}/traces`],
    ...["--key-log", `${folder}/keys`, "-o", `${folder}/file`, site.url()],
  );
  assert.equal(code, 0, stderr);
  assert.deepEqual(await Deno.readFile(`${folder}/file`), site.content);
  assert.match(await Deno.readTextFile(`${folder}/keys`), /^CLIENT_TRAFFIC_SECRET_0 /m);
  const traces = [...Deno.readDirSync(`${folder}/traces`)];
  assert.equal(traces.length, 1);
  const version = await site.run("--version");
  assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/);
});

Deno.test("mpquic get checks the checksum before a file gets its name", async () => {
  await using site = await FileSite.start(200_000);
  site.pace = 0;
  const path = `${site.folder}/file`;
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", site.content)).toHex();
  const args = ["-s", "-S", "-o", path, site.url()];
  const wrong = await site.run("--checksum", `sha256:${"0".repeat(64)}`, ...args);
  assert.equal(wrong.code, 32, wrong.stderr);
  assert.match(
    wrong.stderr,
    new RegExp(`its sha256 is ${hash}, not 0{64}; it is left in .*part\n`),
  );
  // What was wrong is not gone on with.
  const right = await site.run("--checksum", `sha256:${hash.toUpperCase()}`, ...args);
  assert.equal(right.code, 0, right.stderr);
  assert.deepEqual(site.requests.map(({ range }) => range), [null, null]);
  assert.deepEqual(await Deno.readFile(path), site.content);
});

Deno.test("mpquic get goes over TCP with --tcp-fallback, and goes on there as well", async () => {
  const content = crypto.getRandomValues(new Uint8Array(60_000));
  const { makeIssuedCertificate } = await import("../../mod.ts");
  const { certPem, keyPem, caPem } = await makeIssuedCertificate(["localhost"]);
  const asked: (string | null)[] = [];
  const hostname = "127.0.0.1";
  const key = { cert: certPem, key: keyPem };
  const server = Deno.serve({ port: 0, hostname, ...key, onListen: () => {} }, (request) => {
    const range = request.headers.get("range");
    asked.push(range);
    const headers = { etag: '"1"' };
    if (range === null) return new Response(broken(content), { headers });
    const first = Number(/^bytes=(\d+)-$/.exec(range)![1]);
    const part = { ...headers, "content-range": `bytes ${first}-59999/60000` };
    return new Response(content.subarray(first), { status: 206, headers: part });
  });
  await using site = await FileSite.start(1);
  try {
    await Deno.writeTextFile(`${site.folder}/ca.pem`, caPem);
    const { mainCommand } = await import("./program_runner.ts");
    const path = `${site.folder}/file`;
    const { code, stderr } = await mainCommand([
      ...["get", "--cacert", `${site.folder}/ca.pem`, "--tcp-fallback", "--fallback-delay", "300"],
      ...["--retry-delay", "0", "-o", path, `https://localhost:${server.addr.port}/file`],
    ]).output();
    const told = new TextDecoder().decode(stderr);
    assert.equal(code, 0, told);
    assert.match(told, /HTTP\/3 does not get through .* going on over TCP/);
    assert.deepEqual(await Deno.readFile(path), content);
    assert.equal(asked.length, 2);
  } finally {
    await server.shutdown();
  }
});

/** A body that breaks off after a half. */
function broken(content: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array<ArrayBuffer>> {
  let isFirst = true;
  return new ReadableStream({
    async pull(controller) {
      if (isFirst) controller.enqueue(content.slice(0, 30_000));
      else {
        await new Promise((resolve) => setTimeout(resolve, 300));
        controller.error(new Error("broken off by the test"));
      }
      isFirst = false;
    },
  });
}
