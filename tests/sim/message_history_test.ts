import assert from "node:assert/strict";
import { BACK, MessageHistory } from "./message_history.ts";

/** How many histories run; `SIM_COUNT=1000` runs more, `SIM_SEED=17` that one alone. */
const count = Math.min(Number(Deno.env.get("SIM_COUNT") ?? 12), 1_000);

Deno.test("Whatever becomes of links, no message is late while one of them works", () => {
  const single = Deno.env.get("SIM_SEED");
  const seeds = single === undefined ? Array.from({ length: count }, (_, i) => i + 1) : [single];
  for (const seed of seeds) {
    const replay = `replay with SIM_SEED=${seed}`;
    try {
      const history = new MessageHistory(seed);
      history.run();
      const { events, excess, longest } = history;
      const what = `${events.join(", ")} (${replay})`;
      assert.ok(longest <= BACK, `a message waits ${longest} ms for a link that works: ${what}`);
      assert.ok(excess <= 0, `a message is ${excess} ms too late when a link fails: ${what}`);
    } catch (error) {
      const { message } = error as Error;
      if (message.includes(replay)) throw error;
      throw new Error(`${message} (${replay})`, { cause: error });
    }
  }
});
