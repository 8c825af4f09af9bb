import assert from "node:assert/strict";
import { dial, ErrorCode, fetch, makeIssuedCertificate } from "../../mod.ts";
import { readTrace } from "../qlog/read_trace.ts";
import { exactly } from "../permissions/permission_line.ts";
import { assertSentence, run, RunningServer } from "./program_runner.ts";

// What a user of other file servers expects of the server.

/** A folder to serve, and certificate files beside it. */
async function withSite(
  use: (folder: string, trust: { caCerts: string[] }) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const { certPem, keyPem, caPem } = await makeIssuedCertificate(["localhost", "127.0.0.1"]);
    await Deno.writeTextFile(`${folder}/c.pem`, certPem);
    await Deno.writeTextFile(`${folder}/k.pem`, keyPem);
    await Deno.mkdir(`${folder}/site/sub`, { recursive: true });
    await Deno.writeTextFile(`${folder}/site/file.txt`, "shown");
    await Deno.writeTextFile(`${folder}/site/.dot`, "hidden");
    await use(folder, { caCerts: [caPem] });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Starts a server for the folder with its certificate. */
function start(folder: string, ...args: string[]): Promise<RunningServer> {
  const pair = ["--cert", `${folder}/c.pem`, "--key", `${folder}/k.pem`];
  return RunningServer.start(...pair, "-p", "0", ...args, `${folder}/site`);
}

Deno.test("the server takes its folder, host, certificate and key as other servers do", async () => {
  await withSite(async (folder, trust) => {
    await using server = await start(folder, "--host", "127.0.0.1", "--no-dotfiles");
    assert.match(server.text, /Listening on 127\.0\.0\.1:\d+ \(UDP\)\n/);
    const at = `https://127.0.0.1:${server.port}`;
    assert.equal(await (await fetch(`${at}/file.txt`, trust)).text(), "shown");
    assert.equal((await fetch(`${at}/.dot`, trust)).status, 404);
    assert.equal((await fetch(`${at}/sub/`, trust)).status, 200);
  });
});

Deno.test("the server listens on each --local-address, and on no other", async () => {
  await withSite(async (folder, trust) => {
    const chosen = ["127.0.0.1", "127.0.0.2"];
    await using server = await start(folder, ...chosen.map((one) => `--local-address=${one}`));
    for (const one of chosen) assert.ok(server.text.includes(`Listening on ${one}:${server.port}`));
    assert.equal(server.text.match(/Listening on /g)?.length, chosen.length);
    const response = await fetch(`https://127.0.0.1:${server.port}/file.txt`, trust);
    assert.equal(await response.text(), "shown");
  });
});

Deno.test("the server finds the addresses of a host name, and takes unspecified ones", async () => {
  await withSite(async (folder, trust) => {
    for (const host of ["localhost", "0.0.0.0"]) {
      await using server = await start(folder, "--host", host);
      const response = await fetch(`https://localhost:${server.port}/file.txt`, trust);
      assert.equal(await response.text(), "shown", host);
    }
  });
});

Deno.test("the server adds fields, lets other origins read, and shows what it is told to", async () => {
  await withSite(async (folder, trust) => {
    const fields = ["-H", "x-a: 1", "-H", "cache-control: max-age=60"];
    const shown = ["--cors", "--no-dir-listing", "--dotfiles"];
    await using server = await start(folder, "--host", "127.0.0.1", "-tcp", ...fields, ...shown);
    const at = `https://127.0.0.1:${server.port}`;
    using client = Deno.createHttpClient(trust);
    for (
      const get of [
        (path: string) => fetch(at + path, trust),
        (path: string) => globalThis.fetch(at + path, { client }),
      ]
    ) {
      const { headers } = await discarded(get("/file.txt"));
      assert.equal(headers.get("x-a"), "1");
      assert.equal(headers.get("cache-control"), "max-age=60");
      assert.equal(headers.get("access-control-allow-origin"), "*");
      assert.equal((await discarded(get("/sub/"))).status, 404);
      assert.equal(await (await get("/.dot")).text(), "hidden");
    }
  });
});

async function discarded(asked: Promise<Response>): Promise<Response> {
  const response = await asked;
  await response.body?.cancel();
  return response;
}

Deno.test("the server leaves traces and secrets where it is told to", async () => {
  await withSite(async (folder, trust) => {
    const logs = ["--qlog", `${folder}/traces`, "--key-log", `${folder}/keys`];
    {
      await using server = await start(folder, "--host", "127.0.0.1", ...logs);
      const url = `https://127.0.0.1:${server.port}/file.txt`;
      assert.equal(await (await fetch(url, { ...trust, idleTimeout: 10 })).text(), "shown");
    }
    const [file, ...others] = [...Deno.readDirSync(`${folder}/traces`)];
    assert.equal(others.length, 0);
    const { events } = readTrace(await Deno.readTextFile(`${folder}/traces/${file!.name}`));
    assert.ok(events.some(({ name }) => name === "http3:frame_created"));
    assert.match(await Deno.readTextFile(`${folder}/keys`), /^CLIENT_TRAFFIC_SECRET_0 /m);
  });
});

Deno.test("the server says in a sentence why it cannot run", async () => {
  await withSite(async (folder) => {
    const cases: [string[], number, RegExp][] = [
      [["--host", "192.0.2.77"], 1, /Cannot listen on 192\.0\.2\.77: .*--host or -n/],
      [["--host", "no-such-host.invalid"], 1, /Cannot find no-such-host.invalid/],
      [["--host", "127.0.0.1", "-n", "lo"], 2, /--host, or interfaces/],
      [["--cert", `${folder}/c.pem`], 2, /--cert alone/],
      [["--cert", `${folder}/c.pem`, "--key", `${folder}/c.pem`], 1, /are PEM files/],
      [["--cert", `${folder}/none`, "--key", `${folder}/k.pem`], 1, /there is no such file/],
      [["--qlog", `${folder}/c.pem`], 1, /Cannot write traces to .*--qlog/],
      [["--key-log", folder], 1, /Cannot write secrets to .*--key-log/],
      [["-H", "x"], 2, /write it as "name: value"/],
      [[`${folder}/site`, "-www", folder], 2, /name one folder/],
      [[`${folder}/none`], 1, /Cannot serve .*none/],
    ];
    await Promise.all(cases.map(async ([args, code, pattern]) => {
      assertSentence(await run("server", "-p", "0", ...args), code, pattern);
    }));
  });
});

Deno.test("the server takes no more connections than it is told to, but of balancers", async () => {
  await withSite(async (folder, trust) => {
    const once = async (server: RunningServer) => {
      const connection = await dial({
        hostname: "127.0.0.1",
        port: server.port,
        alpnProtocols: ["h3"],
        ...trust,
      });
      connection.closed.catch(() => {});
      return connection;
    };
    const host = ["--host", "127.0.0.1"];
    for (const limit of ["--max-connections=1", "--max-connections-per-address=1"]) {
      await using server = await start(folder, ...host, limit);
      await using _first = await once(server);
      await assert.rejects(once(server), { code: ErrorCode.ConnectionRefused }, limit);
    }
    const exempt = ["--max-connections-per-address=1", "--exempt=10.0.0.0/8,127.0.0.0/8"];
    await using server = await start(folder, ...host, ...exempt);
    await using _first = await once(server);
    await using second = await once(server);
    assert.equal(second.protocol, "h3");
  });
});

Deno.test("the server refuses networks and numbers that make no sense", async () => {
  for (const flag of ["--max-connections=0", "--max-connections-per-address=x", "--exempt=a/8"]) {
    const outcome = await run("server", "--host", "127.0.0.1", "-p", "0", flag);
    assertSentence(outcome, 2, /Cannot use ".+" for --/);
  }
});

Deno.test("the server says which folder a link leads to that it may not read", async () => {
  await withSite(async (folder) => {
    const link = `${folder}/link`;
    await Deno.symlink(`${folder}/site`, link);
    const reading = (allowed: string) => {
      const { args, ...environment } = exactly("cli/server.ts", ["-p", "0", link]);
      const words = args.map((arg) => arg === "--allow-read" ? `--allow-read=${allowed}` : arg);
      const pipes = { stdin: "null", stdout: "piped", stderr: "piped" } as const;
      return new Deno.Command(Deno.execPath(), { args: words, ...environment, ...pipes });
    };
    const { code, stderr } = await reading(link).output();
    assert.equal(code, 1);
    assert.match(
      new TextDecoder().decode(stderr),
      /^server: Cannot serve .*\/link: it leads to .*\/site, .* run it with --allow-read=.*\/site as well\n$/,
    );
    await using server = await RunningServer.of(reading(`${link},${folder}/site`));
    assert.match(server.text, /Serving .*\/site/);
  });
});
