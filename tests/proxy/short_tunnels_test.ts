import assert from "node:assert/strict";
import { shortTunnels } from "./short_tunnels.ts";

Deno.test({
  name: "short connections of all kinds leave no descriptor open in either program",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const { near, far } = await shortTunnels(300, 100);
    for (const [warm, end] of [near, far]) {
      assert.ok(end.descriptors <= warm.descriptors, `${warm.descriptors} -> ${end.descriptors}`);
    }
  },
});
