import assert from "node:assert/strict";
import { fetch, makeIssuedCertificate } from "../../mod.ts";
import { command } from "./program_runner.ts";

/** Starts a server and waits until it listens. */
async function start(args: readonly string[]): Promise<Deno.ChildProcess> {
  const process = command("server", args).spawn();
  const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = ""; !text.includes("Listening on");) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`the server ended: ${await new Response(process.stderr).text()}`);
    text += value;
  }
  reader.releaseLock();
  return process;
}

async function kill(process: Deno.ChildProcess): Promise<void> {
  process.kill("SIGKILL");
  await Promise.all([process.status, process.stderr.cancel()]);
}

function freePort(): number {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  socket.close();
  return (socket.addr as Deno.NetAddr).port;
}

const machineId = await Deno.readTextFile("/etc/machine-id").catch(() => "");

Deno.test({
  name: "a client that polls goes on within a second when its server was killed and started again",
  ignore: Deno.build.os !== "linux" || machineId.trim() === "",
}, async () => {
  const folder = await Deno.makeTempDir();
  const { certPem, keyPem, caPem } = await makeIssuedCertificate(["127.0.0.1"]);
  await Deno.writeTextFile(`${folder}/fullchain.pem`, certPem);
  await Deno.writeTextFile(`${folder}/privkey.pem`, keyPem);
  const port = freePort();
  const args = ["-www", folder, "-certpath", folder, "-port", `${port}`, "--host", "127.0.0.1"];
  const init = { caCerts: [caPem], localAddresses: ["127.0.0.1"], idleTimeout: 60_000 };
  const url = `https://127.0.0.1:${port}/fullchain.pem`;
  const poll = async () => {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(20_000) });
    await response.arrayBuffer();
    return response.status;
  };
  let server = await start(args);
  try {
    assert.equal(await poll(), 200);
    await kill(server);
    server = await start(args);
    const started = performance.now();
    let failures = 0;
    while (await poll().catch(() => failures++) !== 200) {
      assert.ok(performance.now() - started < 10_000, "the client never noticed");
    }
    const took = performance.now() - started;
    assert.ok(took < 1_000, `went on after ${took} ms`);
    assert.ok(failures <= 1, `${failures} requests failed`);
  } finally {
    await kill(server);
    await Deno.remove(folder, { recursive: true });
  }
});
