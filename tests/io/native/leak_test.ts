import assert from "node:assert/strict";
import { nativeTest } from "./tier.ts";

// The short form of ten thousand connections: LEAK_CONNECTIONS=10000 deno test -A on this file.

const COUNT = Number(Deno.env.get("LEAK_CONNECTIONS") ?? 200);
const AT_ONCE = 4;

type Held = Record<"descriptors" | "contexts" | "keys" | "slabs", number>;

nativeTest(
  "Connections that are over leave no descriptor, context, key or slab behind",
  async () => {
    // A process of its own: descriptors of tests that run at the same time do not count.
    const program = new URL("connections_in_turn.ts", import.meta.url).pathname;
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", "--unstable-net", program, `${COUNT}`, `${AT_ONCE}`],
    }).output();
    const [text, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    assert.ok(text!.startsWith("{"), errors);
    const { before, after } = JSON.parse(text!) as { before: Held; after: Held };
    for (const key of ["descriptors", "contexts", "keys"] as const) {
      assert.ok(after[key] <= before[key], `${key}: ${before[key]} before, ${after[key]} now`);
    }
    // Connections at once may need one more each; what they needed is used again.
    assert.ok(after.slabs <= before.slabs + 2 * AT_ONCE, `${after.slabs} slabs`);
  },
);
