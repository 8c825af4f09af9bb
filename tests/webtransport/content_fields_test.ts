import assert from "node:assert/strict";
import { H3Client } from "../../src/http3/client/client.ts";
import { frame, varints } from "../../src/http3/wire/frame.ts";
import { MemoryTransport } from "../http3/memory_transport.ts";
import { headersFrame, type Lines, outcome, RawPeer, within } from "../http3/raw_peer.ts";
import { connectLines, RawClient } from "./raw_client.ts";
import { reasonOf, URL_OF_SESSION } from "./session_pair.ts";

/** RFC 9297, Section 3.2: what a message that carries capsules must not have. */
const wrong: Lines = [["content-length", "0"], ["content-type", "text/plain"]];

Deno.test("a request for a session that describes its content is malformed", async () => {
  const client = await new RawClient().begin();
  for (const line of wrong) {
    const stream = await client.both(headersFrame([...connectLines, line]));
    assert.deepEqual(await within(outcome(stream)), { kind: "reset", code: 0x10e }, line[0]);
  }
  assert.equal(client.sessions.length, 0);
  await client.session();
});

/** Answers a client that asks for a session, and tells what becomes of it. */
async function answered(lines: Lines): Promise<unknown> {
  const [ours, theirs] = MemoryTransport.pair();
  const settings = varints(0x2c7c_f000, 1, 0x33, 1, 0x08, 1);
  await new RawPeer(theirs).open(0x00, frame(0x04, settings));
  const opening = new H3Client(ours, { webTransport: true }).openSession(URL_OF_SESSION);
  const opened = reasonOf(opening);
  const { value } = await within(theirs.incomingBidirectionalStreams.getReader().read());
  const writer = value!.writable.getWriter();
  writer.closed.catch(() => {});
  writer.write(headersFrame(lines)).catch(() => {});
  return await opened;
}

Deno.test("an answer to a session that describes its content is malformed", async () => {
  for (const line of wrong) {
    const error = await answered([[":status", "200"], line]);
    assert.equal((error as { code?: number }).code, 0x10e, line[0]);
  }
  for (const status of ["204", "205", "206"]) {
    const error = await answered([[":status", status]]);
    assert.equal((error as { code?: number }).code, 0x10e, status);
  }
  assert.equal(await answered([[":status", "200"], ["x-room", "7"]]), undefined);
});
