import assert from "node:assert/strict";
import { clientProgram } from "../../cli/client/client_options.ts";
import { serverProgram } from "../../cli/server/server_options.ts";
import { usageText } from "../../cli/flags/usage.ts";
import { version } from "../../cli/console/version.ts";
import { permissionLine } from "../permissions/permission_line.ts";
import config from "../../deno.json" with { type: "json" };

Deno.test("usageText() explains every flag and shows an example", () => {
  for (const program of [clientProgram, serverProgram]) {
    const text = usageText(program);
    for (const flag of program.flags) {
      assert.ok(text.includes(`--${flag.name}`), flag.name);
      assert.ok(text.includes(flag.help), flag.name);
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
      assert.ok(
        text.split("\n").some((line) => line.startsWith(`  ${flag} `) && line.includes(why)),
      );
    }
  }
});

Deno.test("version is that of the package", () => {
  assert.equal(version, config.version);
});
