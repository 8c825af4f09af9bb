import { socketOpener } from "../../../src/io/open_socket.ts";

/** Tells how many datagrams its sockets send by one call, with either mode, and closes them. */
const segments = (["auto", "require"] as const).map((mode) => {
  const socket = socketOpener(mode)("127.0.0.1", 0);
  socket.close();
  return socket.capabilities.segments;
});
(globalThis as unknown as { postMessage(message: unknown): void }).postMessage(segments);
