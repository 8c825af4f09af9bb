import assert from "node:assert/strict";
import { assertSentence, run } from "./program_runner.ts";

// What the programs say when they cannot even begin; no network is needed.

Deno.test("the programs explain themselves", async () => {
  for (const program of ["client", "server"] as const) {
    const help = await run(program, "-h");
    assert.equal(help.code, 0);
    assert.match(help.stdout, /Usage: .*Examples:/s);
    assert.equal(help.stderr, "");
    const version = await run(program, "--version");
    assert.equal(version.code, 0);
    assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/);
  }
});

Deno.test("the client refuses bad command lines with a sentence", async () => {
  const url = "https://127.0.0.1:1/";
  const cases: [string[], RegExp][] = [
    [["--schedular", "rr", url], /--schedular.*use --scheduler/],
    [[], /without a URL/],
    [["http://localhost/"], /https:\/\//],
    [["-sc", "fastest", url], /one of earliest, mrtt, rr, .*redundant/],
    [["-n", "no-such-interface", url], /Cannot find interface "no-such-interface": choose from/],
    [["-n", "127.0.0.1,127.0.0.2", "-mip", "127.0.0.1,127.0.0.2", url], /-mip needs 1/],
    [["-mip", "127.0.0.1", url], /at least two interfaces/],
    [["-n", "127.0.0.1,127.0.0.2", "-mip", "::1", url], /it has no IPv6 address/],
  ];
  await Promise.all(cases.map(async ([args, pattern]) => {
    assertSentence(await run("client", ...args), 2, pattern);
  }));
});

Deno.test("the client says which file or host is missing", async () => {
  const cases: [string[], RegExp][] = [
    [
      ["--cacert", "/no/such.pem", "https://127.0.0.1:1/"],
      /Cannot read \/no\/such.pem: .*--cacert/,
    ],
    [["https://no-such-host.invalid/"], /Cannot find no-such-host.invalid: check its name/],
  ];
  await Promise.all(cases.map(async ([args, pattern]) => {
    assertSentence(await run("client", ...args), 1, pattern);
  }));
});

Deno.test("the server refuses bad command lines and missing files with a sentence", async () => {
  const directory = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${directory}/file`, "");
    await Deno.writeTextFile(`${directory}/fullchain.pem`, "nonsense");
    await Deno.writeTextFile(`${directory}/privkey.pem`, "nonsense");
    const cases: [string[], number, RegExp][] = [
      [["-prot", "1"], 2, /-prot.*use --port/],
      [["-port", "70000"], 2, /from 0 to 65535/],
      [["-n", "no-such-interface"], 2, /Cannot find interface "no-such-interface"/],
      [["-www", "/no/such/folder"], 1, /Cannot serve \/no\/such\/folder: it is not there; .*-www/],
      [["-www", `${directory}/file`], 1, /it is not a folder/],
      [
        ["-certpath", "/no/such"],
        1,
        /Cannot read \/no\/such\/fullchain.pem: there is no such file/,
      ],
      [["-certpath", directory], 1, /make sure that it and .*privkey.pem are PEM files/],
    ];
    await Promise.all(cases.map(async ([args, code, pattern]) => {
      assertSentence(await run("server", ...args), code, pattern);
    }));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
