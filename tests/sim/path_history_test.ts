import assert from "node:assert/strict";
import { EVENTS, PathHistory } from "./path_history.ts";

/** How many histories run; `SIM_COUNT=10000` runs more, `SIM_SEED=17` that one alone. */
const count = Number(Deno.env.get("SIM_COUNT") ?? 100);

Deno.test("Whatever becomes of its paths, a connection loses and doubles no byte", () => {
  const single = Deno.env.get("SIM_SEED");
  const seeds = single === undefined ? Array.from({ length: count }, (_, i) => i + 1) : [single];
  const happened = new Set<string>();
  for (const seed of seeds) {
    const history = new PathHistory(seed);
    try {
      history.run();
      for (const event of history.events) happened.add(event.split(" ", 4).slice(1, 4).join(" "));
      // The same seed gives the same trace, to the last datagram.
      if (Number(seed) % 10 !== 1) continue;
      const again = new PathHistory(seed);
      again.run();
      assert.equal(again.trace, history.trace, "the trace differs");
    } catch (error) {
      const { message } = error as Error;
      throw new Error(`${message} (replay with SIM_SEED=${seed})`, { cause: error });
    }
  }
  for (const kind of EVENTS) {
    for (const end of ["client 0", "server 0"]) {
      assert.ok(single !== undefined || happened.has(`${end} ${kind}`), `${end} ${kind}`);
    }
  }
});
