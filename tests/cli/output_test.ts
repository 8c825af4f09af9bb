import assert from "node:assert/strict";
import { exactly } from "../permissions/permission_line.ts";

// Standard error is closed, or a log disk is full: the work goes on.

const hasFullDevice = existsSync("/dev/full");

function existsSync(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Starts a program of `cli/` by a shell that redirects its output. */
function start(program: "client" | "server", redirection: string, args: string[]): Deno.Command {
  const { args: words, ...environment } = exactly(`cli/${program}.ts`, args);
  return new Deno.Command("/bin/sh", {
    args: ["-c", `exec "$@" ${redirection}`, "sh", Deno.execPath(), ...words],
    ...environment,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  });
}

function freePort(): number {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  socket.close();
  return (socket.addr as Deno.NetAddr).port;
}

Deno.test({
  name: "the programs do their work though nothing of what they say can be written",
  ignore: !hasFullDevice,
}, async () => {
  const folder = await Deno.makeTempDir();
  const port = freePort();
  const log = "> /dev/full 2> /dev/full";
  const options = ["-www", folder, "-port", String(port), "--host", "127.0.0.1", "-v"];
  const server = start("server", log, options).spawn();
  try {
    await Deno.writeTextFile(`${folder}/a`, "the whole of it");
    for (const redirection of ["> /dev/full 2> /dev/full", ">&- 2>&-", "2>&-"]) {
      const copy = `${folder}/copy`;
      const url = `https://127.0.0.1:${port}/a`;
      const args = ["--insecure", "-v", "--connect-timeout", "30", "-o", copy, url];
      const { code } = await start("client", redirection, args).output();
      assert.equal(code, 0, redirection);
      assert.equal(await Deno.readTextFile(copy), "the whole of it", redirection);
      await Deno.remove(copy);
    }
  } finally {
    server.kill("SIGINT");
    assert.equal((await server.status).code, 0);
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test({
  name: "a program that is asked to print something fails if that cannot be written",
  ignore: !hasFullDevice,
}, async () => {
  for (const [redirection, expected] of [["> /dev/full", 1], ["| head -c 1", 0]] as const) {
    const script = `"$0" run -A --unstable-net cli/main.ts completion man ${redirection}`;
    const command = new Deno.Command("/bin/sh", {
      args: ["-c", script, Deno.execPath()],
      cwd: new URL("../..", import.meta.url).pathname,
      stdin: "null",
    });
    const { code, stderr } = await command.output();
    const said = expected === 0
      ? ""
      : "mpquic: Cannot write to standard output: the disk is full\n";
    assert.deepEqual([code, new TextDecoder().decode(stderr)], [expected, said], redirection);
  }
});
