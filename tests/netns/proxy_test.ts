import assert from "node:assert/strict";
import { linkOf } from "../sim/pair.ts";
import { payload } from "./payload.ts";
import { Proxied, proxyWays } from "./proxied.ts";
import { whyNoNamespaces } from "./testbed.ts";

const reason = await whyNoNamespaces();
const SIZE = 12_000_000;

Deno.test({
  name: "curl goes over both links by mpquic proxy, and through the loss of one for good",
  ignore: reason !== undefined,
  async fn() {
    await using proxied = await Proxied.make([linkOf(20, 20), linkOf(20, 40)]);
    const whole = payload(0, SIZE);
    for (const way of proxyWays) {
      const before = await proxied.received();
      const { code, stdout, stderr } = await proxied.curl(way, SIZE).output();
      assert.equal(code, 0, new TextDecoder().decode(stderr));
      assert.deepEqual(stdout, whole);
      const brought = (await proxied.received()).map((bytes, i) => bytes - before[i]!);
      assert.ok(Math.min(...brought) > 0.25 * SIZE, `the links brought ${brought}`);
    }

    const before = await proxied.received();
    const fetching = proxied.curl(proxyWays[0]!, SIZE).output();
    while ((await proxied.received())[1]! < before[1]! + 1_000_000) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await proxied.testbed.order({ link: 1, cut: true });
    const { code, stdout } = await fetching;
    assert.equal(code, 0);
    assert.deepEqual(stdout, whole);
  },
});
