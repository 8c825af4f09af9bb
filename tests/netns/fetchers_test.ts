import assert from "node:assert/strict";
import { linkOf } from "../sim/pair.ts";
import { fetchers, ShelfHost } from "./fetchers.ts";
import { Proxied, proxyWays } from "./proxied.ts";
import { whyNoNamespaces } from "./testbed.ts";

const reason = await whyNoNamespaces();
const SIZE = 3_000_000;
/** Bytes that wait from which on links mark: 5 ms of 20 Mbit/s. */
const MARKING = 12_500;
/** What each link brings of a file, at least. */
const SHARE = 0.2;

Deno.test({
  name: "git, pip and Chromium go over both links by mpquic proxy, and heed marks of routers",
  ignore: reason !== undefined || fetchers.every(({ missing }) => missing !== undefined),
  async fn(t) {
    await using stack = new AsyncDisposableStack();
    const link = linkOf(20, 20, { down: { markFrom: MARKING } });
    const proxied = stack.use(await Proxied.make([link, link], { isNative: true }));
    const host = await ShelfHost.start(stack, proxied, SIZE);
    for (const fetcher of fetchers) {
      for (const way of proxyWays.filter((one) => fetcher.canGo(one))) {
        const { name, missing } = fetcher;
        await t.step({
          name: `${name} by ${way.proxy}`,
          ignore: missing !== undefined,
          async fn() {
            const before = await proxied.received();
            await fetcher.fetch(host, way);
            const brought = (await proxied.received()).map((bytes, i) => bytes - before[i]!);
            assert.ok(Math.min(...brought) > SHARE * SIZE, `the links brought ${brought}`);
          },
        });
      }
    }
    const { links } = await proxied.testbed.order();
    for (const { down } of links) {
      assert.ok(down.marked > 0, "marked");
      // Senders that do not heed marks fill the queue until it drops.
      assert.ok(down.dropped.queue < down.marked, JSON.stringify(down));
    }
  },
});
