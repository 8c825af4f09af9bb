import assert from "node:assert/strict";
import { clientProgram } from "../../cli/client/client_options.ts";
import { serverProgram } from "../../cli/server/server_options.ts";
import { usageText } from "../../cli/flags/usage.ts";
import { version } from "../../cli/console/version.ts";
import { permissionLine } from "../permissions/permission_line.ts";
import config from "../../deno.json" with { type: "json" };

/** The text with its lines joined. */
function plain(text: string): string {
  return text.replace(/\s+/g, " ");
}

Deno.test("no line of the help is longer than 80 characters, and few are short for no reason", () => {
  for (const program of [clientProgram, serverProgram]) {
    const lines = usageText(program).split("\n");
    for (const line of lines) assert.ok(line.length <= 80, line);
    assert.ok(lines.length < 175, `${lines.length} lines`);
    assert.ok(lines.some((line) => line.length > 75));
  }
});

Deno.test("commands that are broken over lines can be pasted as they are", () => {
  for (const program of [clientProgram, serverProgram]) {
    const text = usageText(program);
    for (const [, command] of program.examples) {
      const lines = text.replaceAll(/ \\\n +/g, " ");
      assert.ok(lines.includes(`\n    ${command}\n`), command);
    }
  }
});

Deno.test("usageText() explains every flag and shows an example", () => {
  for (const program of [clientProgram, serverProgram]) {
    const text = usageText(program);
    for (const flag of program.flags) {
      assert.ok(text.includes(`--${flag.name}`), flag.name);
      assert.ok(plain(text).includes(flag.help), flag.name);
    }
    assert.match(text, /Examples:\n.+:\n {4}(client|server) /);
  }
});

Deno.test("the examples of the help can be understood by the programs", async () => {
  const { readClientOptions } = await import("../../cli/client/client_options.ts");
  const { readServerOptions } = await import("../../cli/server/server_options.ts");
  const read = { client: readClientOptions, server: readServerOptions };
  for (const program of [clientProgram, serverProgram]) {
    for (const [, command] of program.examples) {
      const [name, ...args] = command.split(" ");
      assert.equal(typeof read[name as "client" | "server"](args), "object", command);
    }
  }
});

Deno.test("the help explains the permissions of a program's first line, and no others", () => {
  for (const program of [clientProgram, serverProgram]) {
    const needed = program.permissions.filter(({ isOptional }) => !isOptional);
    const flags = needed.map(({ flag }) => flag);
    assert.deepEqual(permissionLine(`cli/${program.name}.ts`), ["--unstable-net", ...flags]);
    const text = usageText(program);
    for (const { flag, why } of program.permissions) {
      assert.ok(plain(text).includes(` ${flag} ${why}`), flag);
    }
  }
});

Deno.test("version is that of the package", () => {
  assert.equal(version, config.version);
});
