// Visits to a server whose sessions later connections resume.

import assert from "node:assert/strict";
import type { MultipathListener } from "../../src/api/listen.ts";
import type { MultipathConnection } from "../../src/api/multipath_connection.ts";
import type { ConnectOptions } from "../../src/api/options/options.ts";
import type { SavedSession } from "../../src/api/options/session.ts";
import { dialHere } from "./loopback.ts";

/** Answers every stream with what came, and whether it came early. */
export async function answerAll(listener: MultipathListener): Promise<void> {
  for await (const connection of listener) {
    (async () => {
      for await (const { readable, writable } of connection.incomingBidirectionalStreams) {
        const text = await new Response(readable as ReadableStream<Uint8Array<ArrayBuffer>>).text();
        const writer = writable.getWriter();
        await writer.write(new TextEncoder().encode(`${text} ${readable.early}`));
        await writer.close();
      }
    })().catch(() => {});
  }
}

/** Sends a text on a stream of its own, and reads the answer. */
export async function ask(connection: MultipathConnection, text: string): Promise<string> {
  const { readable, writable } = await connection.createBidirectionalStream();
  const writer = writable.getWriter();
  writer.write(new TextEncoder().encode(text)).catch(() => {});
  writer.close().catch(() => {});
  return await new Response(readable as ReadableStream<Uint8Array<ArrayBuffer>>).text();
}

/** The sessions of a first connection. */
export async function firstVisit(
  listener: MultipathListener,
  options: Partial<ConnectOptions> = {},
): Promise<SavedSession[]> {
  const sessions: SavedSession[] = [];
  const two = Promise.withResolvers<void>();
  await using connection = await dialHere(listener, {
    ...options,
    onSession(session) {
      if (sessions.push(session) === 2) two.resolve();
    },
  });
  assert.equal(connection.resumed, false);
  assert.equal(await ask(connection, "first"), "first false");
  await two.promise;
  return sessions;
}
