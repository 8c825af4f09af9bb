import assert from "node:assert/strict";
import { dirname } from "node:path";
import config from "../../deno.json" with { type: "json" };
import { RunningServer } from "../cli/program_runner.ts";
import { permissionLine, plainEnvironment } from "./permission_line.ts";
import { importedVersion, programs, shellCommands, taskNames } from "./readme.ts";

const root = new URL("../../", import.meta.url);
const commands = shellCommands();

Deno.test("every command of the README is one that the tests here run, or the tests themselves", () => {
  const known = [
    /^deno install -g -n mpquic \S.* jsr:@mpquic\/mpquic\/cli$/,
    /^mpquic serve \.$/,
    /^mpquic get -k -O https:\/\/localhost:6121\/film\.mp4$/,
    /^npx -y deno@[\d.]+ task demo$/,
    /^deno run \S.* cli\/server\.ts -www \/srv\/files$/,
    /^deno run \S.* cli\/client\.ts --insecure -fmp -o f\.iso https:\/\/localhost:6121\/f\.iso$/,
  ];
  assert.equal(commands.length, known.length);
  for (const [i, command] of commands.entries()) assert.match(command, known[i]!);
});

Deno.test("the README's commands name the version that CI runs", () => {
  const version = /^version=(.+)$/m.exec(Deno.readTextFileSync(new URL(".ci/run", root)))![1];
  const named = commands.flatMap((command) => /^npx -y deno@(\S+)/.exec(command)?.[1] ?? []);
  assert.deepEqual(named, [version]);
});

Deno.test("the tasks that the README names are there, and their programs", () => {
  const names = taskNames();
  assert.deepEqual(names.sort(), ["bench", "demo", "evaluate", "test"]);
  const tasks: Record<string, string> = config.tasks;
  for (const name of names) {
    const program = /deno run .*?(\S+\.ts)$/.exec(tasks[name]!)?.[1];
    if (name !== "test") assert.ok(Deno.statSync(new URL(program!, root)).isFile, name);
  }
});

Deno.test("deno task demo has the permissions of examples/demo.ts, and they suffice", async () => {
  const [, flags] = /^deno run (.+) examples\/demo\.ts$/.exec(config.tasks.demo)!;
  assert.deepEqual(["--unstable-net", ...flags!.split(" ")], permissionLine("examples/demo.ts"));
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "demo", "1"],
    cwd: root,
    clearEnv: true,
    env: plainEnvironment(),
  }).output();
  const decoder = new TextDecoder();
  assert.equal(code, 0, decoder.decode(stderr));
  assert.match(
    decoder.decode(stdout),
    /1000000 bytes in .*\n4\. SHA-256 sent: +(\w{64})\n.*\1\n$/s,
  );
});

Deno.test("mpquic is installed, serves and fetches as the README's first lines say", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const content = crypto.getRandomValues(new Uint8Array(60_000));
    await Deno.mkdir(`${folder}/served`);
    await Deno.mkdir(`${folder}/fetched`);
    await Deno.writeFile(`${folder}/served/film.mp4`, content);
    const [install, serve, get] = commands.map((line) => line.split(" "));
    // What is installed is this copy of the package, whose imports deno.json names. Their versions
    // are those of the lock file, so that no registry is asked for others.
    await Deno.copyFile(new URL("deno.lock", root), `${folder}/deno.lock`);
    const config = [
      "--root",
      folder,
      "--config",
      new URL("deno.json", root).pathname,
      "--lock",
      `${folder}/deno.lock`,
    ];
    const source = new URL("cli/main.ts", root).pathname;
    const installed = await new Deno.Command(Deno.execPath(), {
      args: [...install!.slice(1, -1), ...config, "--cached-only", "--no-check", source],
    }).output();
    assert.equal(installed.code, 0, new TextDecoder().decode(installed.stderr));
    await Deno.copyFile(`${folder}/deno.lock`, `${folder}/bin/.mpquic/deno.lock`);
    const start = (words: readonly string[], cwd: string) =>
      new Deno.Command(`${folder}/bin/mpquic`, {
        args: words.slice(1),
        cwd,
        clearEnv: true,
        env: { ...plainEnvironment(), PATH: `${dirname(Deno.execPath())}:${Deno.env.get("PATH")}` },
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      });
    const served = start([...serve!, "-p", "0"], `${folder}/served`);
    await using server = await RunningServer.of(served);
    const fetched = get!.map((word) => word.replace(":6121", `:${server.port}`));
    const { code, stderr } = await start(fetched, `${folder}/fetched`).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    assert.deepEqual(await Deno.readFile(`${folder}/fetched/film.mp4`), content);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("the README's server and client do with the permissions that are written there", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const content = crypto.getRandomValues(new Uint8Array(60_000));
    await Deno.mkdir(`${folder}/files`);
    await Deno.writeFile(`${folder}/files/f.iso`, content);
    const [serve, fetch] = commands.slice(4);
    const served = words(serve!, { "/srv/files": `${folder}/files` });
    await using server = await RunningServer.of(command([...served, "-port", "0"]));
    const fetched = words(fetch!, {
      "f.iso": `${folder}/f.iso`,
      "localhost:6121": `localhost:${server.port}`,
    });
    const { code, stdout, stderr } = await command(fetched).output();
    const decoder = new TextDecoder();
    assert.equal(code, 0, decoder.decode(stderr));
    assert.deepEqual(await Deno.readFile(`${folder}/f.iso`), content);
    assert.match(decoder.decode(stdout), /^0 .*open\n1 .*open\n/m); // two paths
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("the README's program runs with --allow-net and shows two paths that share the load", async () => {
  assert.equal(programs().length, 1);
  const folder = await Deno.makeTempDir();
  try {
    const file = `${folder}/program.ts`;
    const library = JSON.stringify(new URL("mod.ts", root));
    await Deno.writeTextFile(file, programs()[0]!.replace('"@mpquic/mpquic"', library));
    const config = `--config=${new URL("deno.json", root).pathname}`;
    const { code, stdout, stderr } = await command(["run", config, "--allow-net", file]).output();
    const decoder = new TextDecoder();
    assert.equal(code, 0, decoder.decode(stderr));
    const [, ...carried] = /^20000000 bytes came\npath 0: (\d+)\npath 1: (\d+)\n$/
      .exec(decoder.decode(stdout))!;
    for (const bytes of carried) assert.ok(Number(bytes) > 1_000_000, carried.join());
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("the README asks for the package in its present version", () => {
  assert.equal(importedVersion(), config.version);
});

/** The words of a command behind `deno`, with what is of this test instead of the text's. */
function words(line: string, instead: Record<string, string>): string[] {
  return line.split(" ").slice(1).map((word) => {
    const [written] = Object.keys(instead).filter((one) =>
      word === one || word.includes(`/${one}/`)
    );
    return written === undefined ? word : word.replace(written, instead[written]!);
  });
}

function command([run, ...rest]: readonly string[]): Deno.Command {
  assert.equal(run, "run");
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--cached-only", "--no-check", ...rest],
    cwd: root,
    clearEnv: true,
    env: plainEnvironment(),
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}
