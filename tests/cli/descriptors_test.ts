import assert from "node:assert/strict";
import { makeIssuedCertificate } from "../../mod.ts";
import { exactly } from "../permissions/permission_line.ts";
import { run, RunningServer } from "./program_runner.ts";

/** Files and sockets that the server may have open; clients that flood it take three each. */
const MOST = 80;
const FLOOD = 60;

/**
 * A server of a folder that may have few files open. The runtime would say that it cannot open what
 * NODE_EXTRA_CA_CERTS names, if it wants to just when no descriptor is left.
 */
function frugal(folder: string): Deno.Command {
  const options = ["-tcp", "--host", "127.0.0.1", "-p", "0", "-certpath", folder, folder];
  const { args, env: { NODE_EXTRA_CA_CERTS: _, ...env }, clearEnv } = exactly(
    "cli/server.ts",
    options,
  );
  return new Deno.Command("sh", {
    args: ["-c", `ulimit -n ${MOST} && exec "$0" "$@"`, Deno.execPath(), ...args],
    env,
    clearEnv,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

/** How many files and sockets a process has open; undefined where the system does not tell. */
function descriptorsOf(pid: number): number | undefined {
  try {
    return [...Deno.readDirSync(`/proc/${pid}/fd`)].length;
  } catch {
    return undefined;
  }
}

/** Waits until something holds. */
async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!await holds()) {
    assert.ok(performance.now() < deadline, what);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

Deno.test("the server goes on over both transports when it was out of descriptors for a while", async () => {
  const folder = await Deno.makeTempDir();
  const { certPem, keyPem, caPem } = await makeIssuedCertificate(["127.0.0.1"]);
  await Deno.writeTextFile(`${folder}/fullchain.pem`, certPem);
  await Deno.writeTextFile(`${folder}/privkey.pem`, keyPem);
  await Deno.writeTextFile(`${folder}/authority.pem`, caPem);
  {
    await using server = await RunningServer.of(frugal(folder));
    const url = `https://127.0.0.1:${server.port}/authority.pem`;
    const overTcp = async () => {
      using client = Deno.createHttpClient({ caCerts: [caPem] });
      try {
        const response = await fetch(url, { client, signal: AbortSignal.timeout(3_000) });
        return await response.text() === caPem;
      } catch {
        return false;
      }
    };
    assert.equal(await overTcp(), true);
    const before = descriptorsOf(server.pid);
    const flood: Deno.Conn[] = [];
    for (let i = 0; i < FLOOD; i++) {
      flood.push(await Deno.connect({ hostname: "127.0.0.1", port: server.port }));
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
    flood.forEach((connection) => connection.close());
    await until(overTcp, "nothing is answered over TCP any more");
    const overQuic = await run("client", "--cacert", `${folder}/authority.pem`, "-o", "-", url);
    assert.equal(overQuic.stdout, caPem, overQuic.stderr);
    // What the runtime holds for its own purposes may be one more or less.
    const isBack = () => (descriptorsOf(server.pid) ?? 0) <= (before ?? 0) + 2;
    await until(isBack, `${before} were open before, ${descriptorsOf(server.pid)} are now`);
  }
  await Deno.remove(folder, { recursive: true });
});
