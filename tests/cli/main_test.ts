import assert from "node:assert/strict";
import { commands } from "../../cli/commands.ts";
import { helpWidth } from "../../cli/console/terminal_size.ts";
import { usageText } from "../../cli/flags/usage.ts";
import { plainEnvironment } from "../permissions/permission_line.ts";
import { permissionLine } from "../permissions/permission_line.ts";
import { assertSentence, run, RunningServer } from "./program_runner.ts";
import config from "../../deno.json" with { type: "json" };

Deno.test("mpquic -h shows the commands, and an install line with the permissions of all", async () => {
  const { code, stdout, stderr } = await run("main", "-h");
  assert.deepEqual([code, stderr], [0, ""]);
  for (const { name, summary } of commands) {
    assert.ok(stdout.includes(`\n  ${name} `), name);
    assert.ok(stdout.replaceAll(/\s+/g, " ").includes(summary), summary);
  }
  const line = /\n {4}(deno install -g [^]*)$/.exec(stdout)![1]!.replaceAll(/ \\\n +/g, " ").trim();
  const permissions = permissionLine("cli/main.ts").join(" ");
  assert.equal(line, `deno install -g -n mpquic ${permissions} jsr:${config.name}/cli`);
  const needed = commands.flatMap(({ program }) =>
    program.permissions.filter(({ isOptional }) => !isOptional).map(({ flag }) => flag)
  );
  assert.deepEqual(
    new Set(needed),
    new Set(permissionLine("cli/main.ts").filter((word) => word.startsWith("--allow-"))),
  );
  assert.equal(config.exports["./cli"], "./cli/main.ts");
});

Deno.test("each command explains itself, by -h and by help", async () => {
  for (const { name, program } of commands) {
    const [flag, word] = await Promise.all([run("main", name, "-h"), run("main", "help", name)]);
    assert.deepEqual([flag.code, flag.stderr], [0, ""]);
    assert.equal(flag.stdout, word.stdout);
    assert.equal(flag.stdout, `${usageText(program, helpWidth())}\n`);
    assert.ok(program.name === `mpquic ${name}` && program.examples.length > 0);
    for (const [, command] of program.examples) assert.ok(command.includes("mpquic "), command);
  }
});

Deno.test("mpquic refuses wrong use with a sentence that says what was meant", async () => {
  const cases: [string[], RegExp][] = [
    [[], /without a command: give one of .*serve/],
    [["serv", "."], /"serv".*did you mean mpquic serve\?/],
    [["bananas"], /no such command; give one of/],
    [["https://server.example/"], /did you mean mpquic get https:\/\/server\.example\/\?/],
    [["help", "me"], /"me"/],
    [["completion"], /name bash, zsh, fish or man/],
    [["completion", "tcsh"], /name bash, zsh, fish or man/],
    [["serve", "--tpc"], /use --tcp, or see mpquic serve -h/],
  ];
  await Promise.all(cases.map(async ([args, pattern]) => {
    assertSentence(await run("main", ...args), 2, pattern);
  }));
});

Deno.test("the help fits narrow terminals, apart from words that do not", () => {
  for (const { program } of commands) {
    for (const line of usageText(program, 40).split("\n")) {
      const isOneWord = line.trim().split(" ").length <= 3;
      assert.ok(line.length <= 40 || isOneWord, line);
    }
  }
});

Deno.test("deno task bundle makes one file that runs by itself", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const words = config.tasks.bundle.split(" ");
    const args = words.slice(1).map((word) => word === "mpquic.js" ? `${folder}/mpquic.js` : word);
    const root = new URL("../../", import.meta.url);
    const bundling = await new Deno.Command(Deno.execPath(), { args, cwd: root }).output();
    assert.equal(bundling.code, 0, new TextDecoder().decode(bundling.stderr));
    const permissions = permissionLine("cli/main.ts");
    const start = (...args: string[]) =>
      new Deno.Command(Deno.execPath(), {
        args: ["run", "--no-prompt", "--no-config", "--no-remote", "--no-npm", ...permissions]
          .concat("mpquic.js", args),
        cwd: folder,
        clearEnv: true,
        env: plainEnvironment(),
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      });
    const running = await start("--version").output();
    assert.equal(new TextDecoder().decode(running.stdout), `${config.version}\n`);
    await using server = await RunningServer.of(
      start("serve", ".", "-p", "0", "--host", "127.0.0.1"),
    );
    const url = `https://127.0.0.1:${server.port}/mpquic.js`;
    const { code, stderr } = await start("get", "-ks", "-c", "jar", "-o", "copy", url).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    const [copy, original] = ["copy", "mpquic.js"].map((name) =>
      Deno.readFileSync(`${folder}/${name}`)
    );
    assert.deepEqual(copy, original);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("mpquic --version loads little, and not the library", async () => {
  const main = new URL("../../cli/main.ts", import.meta.url);
  const command = new Deno.Command(Deno.execPath(), { args: ["info", "--json", main.href] });
  const { modules } = JSON.parse(new TextDecoder().decode((await command.output()).stdout));
  const found = new Set([main.href]);
  for (const specifier of found) {
    const { dependencies = [] } = modules.find((one: Module) => one.specifier === specifier) ?? {};
    for (const { code, isDynamic } of dependencies as Module["dependencies"]) {
      if (code && !isDynamic) found.add(code.specifier);
    }
  }
  assert.ok(found.size > 3 && found.size < 15, [...found].join("\n"));
});

/** A part of what `deno info` says of a module. */
interface Module {
  readonly specifier: string;
  readonly dependencies: readonly { code?: { specifier: string }; isDynamic?: boolean }[];
}
