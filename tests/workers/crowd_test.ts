import { nativeTest } from "../io/native/tier.ts";
import { runCrowd } from "./crowd.ts";

// `deno task crowd` does the same with ten thousand connections.
nativeTest(
  "Of a crowd with two paths each, only the clients of a dead worker are lost",
  async () => {
    const [size, pause, keepAlive] = [100_000, 500, 2_000];
    await runCrowd({ workers: 3, clients: 1, connections: 24, size, pause, keepAlive });
  },
);
