import { ReplayMemory } from "../../src/endpoint/replay_memory.ts";

/** The thread that this file runs in. */
const thread = globalThis as unknown as {
  postMessage(message: unknown): void;
  onmessage: (event: MessageEvent<{ buffer: SharedArrayBuffer; count: number }>) => void;
};

/** Shows as many offers as it is told to the memory, and answers which were taken. */
thread.onmessage = ({ data: { buffer, count } }) => {
  const { earlyData } = new ReplayMemory(buffer);
  const id = new Uint8Array(32);
  const view = new DataView(id.buffer);
  const taken = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    view.setUint32(0, i);
    taken[i] = earlyData.isFirst(id, 1e12) ? 1 : 0;
  }
  thread.postMessage(taken);
};
