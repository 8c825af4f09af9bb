import assert from "node:assert/strict";
import { socketOpener } from "../../../src/io/open_socket.ts";
import { nativeTest } from "./tier.ts";

nativeTest("A worker has native sockets only where they are required", async () => {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  const told = await new Promise((resolve) => worker.onmessage = ({ data }) => resolve(data));
  worker.terminate();
  const own = socketOpener("auto")("127.0.0.1", 0);
  own.close();
  assert.deepEqual(told, [1, own.capabilities.segments]);
  assert.equal(own.capabilities.segments, 45);
});
