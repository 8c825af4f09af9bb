import assert from "node:assert/strict";
import { dial } from "../../src/api/dial.ts";
import type { SavedSession } from "../../src/api/options/session.ts";
import { getLines, headersFrame, type Lines, RawPeer, within } from "../http3/raw_peer.ts";
import { farSide, listens, TcpHost, token } from "./far_side.ts";
import { SwallowingPath } from "./swallowing_path.ts";

Deno.test("the far side opens no tunnel by 0-RTT data before the handshake is complete", async () => {
  let reached = 0;
  await using host = new TcpHost((streams) => {
    reached++;
    listens(streams);
  });
  const early = Promise.withResolvers<boolean>();
  const { server, http, client } = farSide({}, 0, {
    earlyData: true,
    handler: (_request, info) => {
      early.resolve(info.early);
      return new Response("a file");
    },
  });
  await using _ = server;
  // The ClientHello takes two datagrams: the server has to read 0-RTT data behind the second one.
  using path = new SwallowingPath(http.addr.port, 50);
  const options = { caCerts: client.caCerts!, localAddresses: ["127.0.0.1"] };
  const url = `https://localhost:${path.port}`;

  const saved = Promise.withResolvers<SavedSession>();
  {
    await using first = await dial(url, { ...options, onSession: saved.resolve });
    await within(saved.promise, 10_000);
    await first.handshake;
  }
  path.swallowAnswers();
  await using connection = await dial(url, {
    ...options,
    session: await saved.promise,
    earlyData: true,
  });
  await new RawPeer(connection).settings();
  const ask = async (lines: Lines) => {
    const { readable, writable } = await connection.createBidirectionalStream();
    const writer = writable.getWriter();
    writer.write(headersFrame(lines)).catch(() => {});
    return { reader: readable.getReader(), writer };
  };
  const authority = ["proxy-authorization", `Bearer ${token}`] as const;
  const tunnel = await ask([[":method", "CONNECT"], [":authority", host.target], authority]);
  // A request that may be answered early shows that the server has read the one before.
  const file = await ask(getLines);
  assert.equal(await within(early.promise, 10_000), true);
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(reached, 0, "the handshake is not complete");
  path.carry();
  await within(connection.handshake, 10_000);
  assert.equal(connection.earlyDataAccepted, true);
  const { value } = await within(tunnel.reader.read(), 10_000);
  assert.equal(value?.[0], 1, "a HEADERS frame: the tunnel is open");
  assert.equal(reached, 1);
  for (const { writer } of [tunnel, file]) await writer.abort().catch(() => {});
});
