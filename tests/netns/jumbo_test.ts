import assert from "node:assert/strict";
import { nativeSockets } from "../../src/io/native/tier.ts";
import { linkOf } from "../sim/pair.ts";
import type { Outcome, Task } from "./client.ts";
import { serverAddress, Testbed, whyNoNamespaces } from "./testbed.ts";

const ignore = await whyNoNamespaces() !== undefined;
const isNative = typeof nativeSockets() !== "string";
/** The link that is a wire. */
const WIRE = 1;

Deno.test({
  name: "datagrams are as large as a wire carries, and as what it drops without a word allows",
  ignore,
  async fn() {
    await using testbed = await Testbed.make([linkOf(10, 10)]);
    const rows = [[[1_500, 1_500], 1_452], [[9_000, 9_000], 8_952], [
      [9_000, 1_500],
      1_452,
    ]] as const;
    for (const [sizes, size] of rows) {
      await testbed.plug(WIRE, sizes);
      const server = await testbed.start(testbed.server, "server.ts");
      const client = await testbed.start(testbed.client, "client.ts");
      const task: Task = {
        direction: "upload",
        hostname: serverAddress(WIRE),
        localAddresses: [`c${WIRE}`],
        size: 4_000_000,
        timeout: 30_000,
      };
      await client.tell(task);
      const outcome: Outcome = JSON.parse(await client.next());
      assert.deepEqual([outcome.failure, outcome.isExact], [undefined, true]);
      // The runtime's sockets would have the system cut larger ones into fragments.
      assert.deepEqual(outcome.paths.map((path) => path.datagramSize), [isNative ? size : 1_452]);
      for (const helper of [client, server]) await helper[Symbol.asyncDispose]();
      await testbed.unplug(WIRE);
    }
  },
});
