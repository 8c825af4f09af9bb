import assert from "node:assert/strict";
import { pause } from "../../cli/console/pause.ts";

Deno.test("pause() waits for longer than timers of the runtime can", async () => {
  const stopping = new AbortController();
  let isOver = false;
  const waiting = pause(2 ** 31, stopping.signal).finally(() => isOver = true);
  await pause(50, stopping.signal);
  assert.equal(isOver, false);
  const reason = new Error("enough");
  stopping.abort(reason);
  await assert.rejects(waiting, reason);
});
