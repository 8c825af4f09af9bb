import assert from "node:assert/strict";
import { nativeSockets } from "../../src/io/native/tier.ts";
import { linkOf } from "../sim/pair.ts";
import type { Helper } from "./helper.ts";
import { clientAddress, serverAddress, Testbed, whyNoNamespaces } from "./testbed.ts";
import type { Sight } from "./watch.ts";

const ignore = await whyNoNamespaces() !== undefined || typeof nativeSockets() === "string";
/** The link that comes and goes. */
const PLUGGED = 1;
const plugged = clientAddress(PLUGGED);

/** What the client sees. */
async function look(watch: Helper): Promise<Sight> {
  await watch.tell(null);
  return JSON.parse(await watch.next());
}

/** Waits until the client sees something, with much patience for a busy machine. */
async function until(watch: Helper, condition: (sight: Sight) => boolean): Promise<Sight> {
  for (const end = performance.now() + 20_000;;) {
    const sight = await look(watch);
    if (condition(sight)) return sight;
    assert.ok(performance.now() < end, JSON.stringify(sight));
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const carries = ({ received }: Sight) => (received[plugged] ?? 0) > 0;

Deno.test(
  { name: "a path returns with an interface that vanishes under its socket", ignore },
  async () => {
    await using testbed = await Testbed.make([linkOf(10, 10)]);
    await testbed.plug(PLUGGED);
    await testbed.start(testbed.server, "server.ts");
    const args = [serverAddress(0), "c0", `c${PLUGGED}`];
    const watch = await testbed.start(testbed.client, "watch.ts", args);
    await until(watch, carries);
    for (let round = 0; round < 2; round++) {
      await testbed.unplug(PLUGGED);
      await until(watch, ({ received }) => !(plugged in received));
      // The other path has not noticed.
      assert.ok((await look(watch)).received[clientAddress(0)]! > 0);
      await testbed.plug(PLUGGED);
      await until(watch, carries);
    }
    assert.equal((await look(watch)).sockets, 2, "no socket is left behind");
  },
);

Deno.test(
  { name: "a connection lives on when its only interface vanishes and returns", ignore },
  async () => {
    await using testbed = await Testbed.make([linkOf(10, 10)]);
    await testbed.plug(PLUGGED);
    await testbed.start(testbed.server, "server.ts");
    const args = [serverAddress(PLUGGED), `c${PLUGGED}`];
    const watch = await testbed.start(testbed.client, "watch.ts", args);
    await until(watch, carries);
    await testbed.unplug(PLUGGED);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await testbed.plug(PLUGGED);
    const { received } = await look(watch);
    // It asks for an answer by and by, and gets one.
    await until(watch, (sight) => sight.received[plugged]! > received[plugged]!);
  },
);
