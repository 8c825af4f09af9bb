import assert from "node:assert/strict";
import { MultipathConnection } from "../../src/api/multipath_connection.ts";
import { H3Client } from "../../src/http3/client/client.ts";
import { prioritize } from "../../src/http3/client/client_exchange.ts";
import { serve } from "../../src/http3/server/serve.ts";
import { cert, key } from "./deno_quic.ts";
import { within } from "./raw_peer.ts";

const SIZE = 6_000_000;

interface Race {
  /** Begins a download; tells the time it ended by its place among all. */
  download(priority: string): Promise<Download>;
}

interface Download {
  /** Bytes that had come when the first download of the race ended. */
  readonly received: () => number;
  readonly done: Promise<number>;
  readonly response: Response;
}

/** A server of large responses, a connection to it, and the order in which they end. */
async function withRace(run: (race: Race) => Promise<void>): Promise<void> {
  const listen = { port: 0, cert, key, localAddresses: ["127.0.0.1"] };
  await using server = serve(listen, () => new Response(new Uint8Array(SIZE)));
  await using connection = await MultipathConnection.connect({
    hostname: "127.0.0.1",
    port: server.addr.port,
    serverName: "localhost",
    caCerts: [cert],
    localAddresses: ["127.0.0.1"],
    alpnProtocols: ["h3"],
  });
  const client = new H3Client(connection);
  let place = 0;
  const download = async (priority: string): Promise<Download> => {
    const headers = { priority };
    const response = await client.fetch(new Request("https://localhost/", { headers }));
    let received = 0;
    const read = async () => {
      for await (const chunk of response.body!) received += chunk.length;
      assert.equal(received, SIZE);
      return place++;
    };
    return { received: () => received, done: read(), response };
  };
  await run({ download });
}

Deno.test("serve() lets an urgent response overtake a big one that began before", async () => {
  await withRace(async ({ download }) => {
    const big = await download("u=5");
    const urgent = await download("u=1");
    assert.equal(await within(urgent.done, 20_000), 0);
    assert.ok(big.received() < SIZE * 0.75, `${big.received()} bytes of the other had come`);
    await within(big.done, 20_000);
  });
});

Deno.test("serve() sends equals one after the other, incremental ones side by side", async () => {
  await withRace(async ({ download }) => {
    const first = await download("u=3");
    const second = await download("u=3");
    assert.equal(await within(first.done, 20_000), 0);
    const left = second.received();
    await within(second.done, 20_000);
    const third = await download("u=3, i");
    const fourth = await download("u=3, i");
    await within(third.done, 20_000);
    const shared = fourth.received();
    await within(fourth.done, 20_000);
    assert.ok(left < shared, `${left} bytes one after the other, ${shared} side by side`);
    assert.ok(shared > SIZE / 2, `${shared} bytes`);
  });
});

Deno.test("serve() obeys PRIORITY_UPDATE in the middle of a response", async () => {
  await withRace(async ({ download }) => {
    const first = await download("u=3, i");
    const second = await download("u=3, i");
    prioritize(second.response, { urgency: 0 });
    assert.equal(await within(second.done, 20_000), 0);
    assert.ok(first.received() < SIZE * 0.75, `${first.received()} bytes of the other had come`);
    await within(first.done, 20_000);
  });
});
