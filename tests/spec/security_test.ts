import assert from "node:assert/strict";
import { join } from "node:path";
import { tcpLimits } from "../../cli/server/tcp_limits.ts";
import { DEFAULTS } from "../../src/connection/config.ts";
import * as limits from "../../src/limits/limits.ts";
import { RESOURCES } from "../../src/limits/share.ts";

// What SECURITY.md says of limits is what the code has.

const root = join(import.meta.dirname!, "../..");
const text = await Deno.readTextFile(join(root, "SECURITY.md"));

/** The cells of all table rows. */
const rows = text.split("\n").filter((line) => line.startsWith("|"))
  .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));

function numberIn(cell: string): number {
  return Number(/^[\d,]+/.exec(cell)?.[0].replaceAll(",", "") ?? NaN);
}

/** The value that a name such as `DEFAULTS.maxConcurrentPaths` has. */
function valueOf(name: string): unknown {
  const known: Record<string, unknown> = { ...limits, DEFAULTS, tcpLimits };
  return name.split(".").reduce<unknown>(
    (value, part) => (value as Record<string, unknown> | undefined)?.[part],
    known,
  );
}

Deno.test("SECURITY.md has the value of each limit that it names", () => {
  const named = rows.filter((cells) => cells.length === 3 && cells[2]!.startsWith("`"));
  assert.ok(named.length >= 30, `${named.length} limits are named`);
  for (const [, value, name] of named) {
    assert.equal(numberIn(value!), valueOf(name!.slice(1, -1)), name);
  }
});

Deno.test("SECURITY.md tells what a server's peers may hold", () => {
  const words = {
    bytes: "bytes of buffers",
    files: "open files",
    handshakes: "handshakes under way",
    connections: "connections",
  };
  for (const resource of RESOURCES) {
    const row = rows.find(([what]) => what === words[resource]) ?? assert.fail(resource);
    const { perConnection, perAddress, perNetwork, total } = limits.SERVER_LIMITS[resource];
    assert.deepEqual(row.slice(1).map(numberIn), [perConnection, perAddress, perNetwork, total]);
  }
  const tcp = rows.find(([what]) => what?.startsWith("TCP connections")) ?? assert.fail("TCP");
  assert.deepEqual(tcp.map(numberIn).filter((value) => value > 0), [
    tcpLimits.perAddress,
    tcpLimits.connections,
  ]);
});

Deno.test("README.md leads to SECURITY.md, and the package has it", async () => {
  assert.match(await Deno.readTextFile(join(root, "README.md")), /\]\(SECURITY\.md\)/);
  const { publish } = JSON.parse(await Deno.readTextFile(join(root, "deno.json")));
  assert.ok(publish.include.includes("SECURITY.md"));
});
