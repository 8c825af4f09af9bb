// Transfers of a pair: which end sends, and when the last byte has arrived.

import assert from "node:assert/strict";
import type { Pair } from "./pair.ts";

/** Which end sends the bytes. */
export type Direction = "download" | "upload";

/** Begins to move bytes; the result tells when the last one arrived, or `Infinity`. */
export function begin(pair: Pair, size: number, direction: Direction = "download"): () => number {
  if (direction === "download") {
    const transfer = pair.client.app.download(size);
    return () => transfer.finishedAt;
  }
  const count = pair.server.isConnected ? pair.server.app.uploads.size : 0;
  pair.client.app.upload(size);
  return () => {
    if (!pair.server.isConnected) return Infinity;
    const transfer = [...pair.server.app.uploads.values()][count];
    if (transfer?.isDone) assert.equal(transfer.received, size);
    return transfer?.finishedAt ?? Infinity;
  };
}
