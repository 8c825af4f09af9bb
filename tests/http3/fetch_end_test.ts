import assert from "node:assert/strict";
import { serve } from "../../src/http3/server/serve.ts";
import { whyNotNative } from "../io/native/tier.ts";
import { cert, key } from "./deno_quic.ts";

/** Milliseconds after which an idle connection is closed: far more than a busy machine takes. */
const IDLE_TIMEOUT = 120_000;
const PATIENCE = 20_000;

const listen = { port: 0, cert, key, localAddresses: ["127.0.0.1"], maxIdleTimeout: IDLE_TIMEOUT };

/** A program that fetches so often, one after the other, and then has nothing more to do. */
const program = (port: number, times: number) => `
  import { fetch } from "${new URL("../../mod.ts", import.meta.url).href}";
  const init = {
    caCerts: [${JSON.stringify(cert)}],
    serverName: "localhost",
    localAddresses: ["127.0.0.1"],
    idleTimeout: ${IDLE_TIMEOUT},
  };
  for (let i = 0; i < ${times}; i++) {
    if (i > 0) await new Promise((resolve) => setTimeout(resolve, 100));
    const response = await fetch("https://127.0.0.1:${port}/", init);
    if (await response.text() !== "here") throw new Error("another answer");
  }
`;

for (const mode of ["off", "require"]) {
  Deno.test({
    name: `A program whose fetches are done ends, and its server knows (sockets: ${mode})`,
    ignore: mode === "require" && whyNotNative !== undefined,
    async fn() {
      const seen = new Set<unknown>();
      await using server = serve(listen, (_request, { connection }) => {
        seen.add(connection);
        return new Response("here");
      });
      const file = await Deno.makeTempFile({ suffix: ".ts" });
      await Deno.writeTextFile(file, program(server.addr.port, 3));
      const config = new URL("../../deno.json", import.meta.url).pathname;
      const child = new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--no-check", "--config", config, file],
        env: { MPQUIC_NATIVE: mode },
      }).spawn();
      const timer = setTimeout(() => child.kill("SIGKILL"), PATIENCE);
      const { code, signal } = await child.status;
      assert.deepEqual([code, signal], [0, null]);
      clearTimeout(timer);
      // Between two requests the connection was kept, though it did not keep the process.
      assert.equal(seen.size, 1);
      for (const end = performance.now() + PATIENCE; server.stats!.connections.held > 0;) {
        assert.ok(performance.now() < end, "the server was told of the end");
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      await Deno.remove(file);
    },
  });
}
