import assert from "node:assert/strict";
import { dial, fetch } from "../../mod.ts";
import { SummedMetrics } from "../../cli/server/summed_metrics.ts";
import { nativeTest } from "../io/native/tier.ts";
import { exactly } from "../permissions/permission_line.ts";
import { assertSentence, run, RunningServer } from "./program_runner.ts";

const HOST = "127.0.0.1";
const init = { insecure: true, localAddresses: [HOST] };

async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/a.txt`, "hello\n");
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Starts the server with workers, which may call the C library. */
function start(...args: string[]): Promise<RunningServer> {
  const words = ["--host", HOST, "-p", "0", "--workers", "2", ...args];
  return RunningServer.of(
    new Deno.Command(Deno.execPath(), {
      ...exactly("cli/server.ts", words, ["--allow-ffi", "--allow-write"]),
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }),
  );
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = performance.now() + 20_000; !await condition();) {
    assert.ok(performance.now() < end, "waited for 20 seconds");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Asks over a connection of its own. */
async function ask(port: number): Promise<string> {
  const alpnProtocols = ["h3"];
  await using connection = await dial({ ...init, hostname: HOST, port, alpnProtocols });
  const response = await fetch(`https://${HOST}:${port}/a.txt`, { connection });
  return await response.text();
}

/** Sends a file over a connection of its own, as a user that is not known. */
async function put(port: number): Promise<void> {
  const alpnProtocols = ["h3"];
  await using connection = await dial({ ...init, hostname: HOST, port, alpnProtocols });
  const headers = { authorization: "Bearer none" };
  const url = `https://${HOST}:${port}/b.txt`;
  const response = await fetch(url, { connection, method: "PUT", body: "b", headers });
  assert.equal(response.status, 401);
}

nativeTest(
  "the server's workers serve, log and count together, and are replaced by SIGUSR2",
  async () => {
    await withFolder(async (folder) => {
      const log = `${folder}/log`;
      await using server = await start("--metrics", "0", "--access-log", log, folder);
      const at = /Metrics at (http:\/\/127\.0\.0\.1:\d+)\/metrics\n/.exec(server.text)![1]!;
      const count = async () => {
        const text = await (await globalThis.fetch(`${at}/metrics`)).text();
        const found = /^mpquic_http_requests_total\{.*code="200"\} (\d+)$/m.exec(text);
        return Number(found?.[1] ?? 0);
      };
      for (let i = 0; i < 6; i++) assert.equal(await ask(server.port), "hello\n");
      await until(async () => await count() === 6);
      Deno.kill(server.pid, "SIGUSR2");
      await until(() => server.text.includes("New workers serve new clients\n"));
      for (let i = 0; i < 6; i++) assert.equal(await ask(server.port), "hello\n");
      // The counts of workers that are gone stay.
      await until(async () => await count() === 12);
      await until(() => Deno.readTextFileSync(log).split("\n").length === 13);
      await Deno.rename(log, `${log}.1`);
      Deno.kill(server.pid, "SIGHUP");
      await until(() => [...Deno.readDirSync(folder)].some(({ name }) => name === "log"));
      assert.equal(await ask(server.port), "hello\n");
      await until(() => Deno.readTextFileSync(log).split("\n").length === 2);
    });
  },
);

nativeTest("a changed list of users is told of once, however many workers read it", async () => {
  await withFolder(async (folder) => {
    const users = `${folder}/users`;
    const auth = `${folder}/auth`;
    const hash = "0".repeat(64);
    for (const path of [users, auth]) await Deno.writeTextFile(path, `anna:${hash}\n`);
    const words = ["--proxy", "--users", users, "--allow-upload", "--auth", auth, folder];
    const server = await start(...words);
    await Deno.writeTextFile(users, `anna:${hash}\nbert:${hash}\n`);
    await Deno.writeTextFile(auth, "no user\n");
    await until(() => server.text.includes("changed list"));
    // Each thread looks once a second.
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    for (let i = 0; i < 6; i++) await put(server.port);
    const { stdout, stderr } = await server.stop();
    assert.equal(stdout.match(/Using the changed list of users\n/g)?.length, 1, stdout);
    assert.equal(stderr.match(/those from before stay\n/g)?.length, 1, stderr);
  });
});

Deno.test("the server says that one core serves where sockets cannot be shared", async () => {
  await withFolder(async (folder) => {
    const server = await RunningServer.start("--host", HOST, "-p", "0", "--workers", "2", folder);
    assert.equal(await ask(server.port), "hello\n");
    const { code, stderr } = await server.stop();
    assert.equal(code, 0);
    assert.equal(
      stderr,
      "Only one core serves: sockets cannot be shared here; give --allow-ffi on Linux\n",
    );
  });
});

Deno.test("the server refuses numbers of workers that make no sense", async () => {
  for (const count of ["0", "17", "many"]) {
    const outcome = await run("server", "--host", HOST, "-p", "0", "--workers", count);
    assertSentence(outcome, 2, /Cannot use ".+" for --workers: give a whole number from 1 to 16/);
  }
});

Deno.test("SummedMetrics.text() adds up workers, and keeps what those have counted that are gone", () => {
  const text = (requests: number, flights: number, start: number) =>
    [
      "# HELP requests Requests.",
      "# TYPE requests counter",
      `requests{code="200"} ${requests}`,
      "# HELP flights Under way.",
      "# TYPE flights gauge",
      `flights ${flights}`,
      "# HELP process_start_time_seconds Start.",
      "# TYPE process_start_time_seconds gauge",
      `process_start_time_seconds ${start}`,
      "",
    ].join("\n");
  const sum = new SummedMetrics();
  assert.equal(sum.text(text(1, 2, 3)), text(1, 2, 3));
  sum.note("a", text(10, 1, 5), 0);
  sum.note("b", text(100, 1, 4), 1_000);
  assert.equal(sum.text(text(1, 2, 3)), text(111, 4, 5));
  sum.note("b", text(200, 1, 4), 10_000);
  assert.equal(sum.text(text(1, 2, 3)), text(211, 3, 4));
  // It was silent only, such as one of a process that was stopped for a while.
  sum.note("a", text(11, 1, 5), 10_001);
  assert.equal(sum.text(text(1, 2, 3)), text(212, 4, 5));
  for (let i = 0; i < 200; i++) sum.note(`c${i}`, text(1, 1, 5), 20_000 + 10_000 * i);
  assert.equal(sum.text(text(1, 2, 3)), text(412, 3, 5), "all that ever were");
});
