import assert from "node:assert/strict";
import { H3Client } from "../../src/http3/client/client.ts";
import { serveConnection } from "../../src/http3/server/server.ts";
import { patternBytes } from "../../src/sim/pattern.ts";
import { DenoPair, type OurRole } from "./deno_pair.ts";
import { digest } from "./streams.ts";

for (const role of ["client", "server"] satisfies OurRole[]) {
  Deno.test(`HTTP/3 works with MultipathConnection as ${role} of the runtime's QUIC`, async () => {
    await using pair = await DenoPair.make(role, { alpn: "h3" });
    const [clientEnd, serverEnd] = role === "client"
      ? [pair.ours, pair.theirs]
      : [pair.theirs, pair.ours];
    serveConnection(serverEnd, (request) => new Response(request.body));
    const client = new H3Client(clientEnd);
    await Promise.all(Array.from({ length: 120 }, async (_, i) => {
      const body = patternBytes(i, 0, 5_000 * (i % 20));
      const request = new Request("https://localhost/echo", { method: "POST", body });
      const response = await client.fetch(request);
      assert.equal(digest(await response.bytes()), digest(body));
    }));
  });
}
