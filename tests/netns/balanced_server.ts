// deno-lint-ignore-file no-console -- a program speaks on its console
/** A server of two workers behind a balancer; ends with its input. */
import { serveWorkers } from "../../mod.ts";
import type { BalancedData } from "./balanced_worker.ts";
import { TEST_CERTIFICATE, TEST_KEY } from "../../src/sim/test_certificate.ts";

const [hostname, serverId, notes] = Deno.args as [string, string, string];
await serveWorkers({
  port: 443,
  localAddresses: [hostname],
  cert: TEST_CERTIFICATE,
  key: TEST_KEY,
  workers: 2,
  module: new URL("./balanced_worker.ts", import.meta.url),
  data: { hostname, notes } satisfies BalancedData,
  earlyData: true,
  connectionIds: [{ id: 0, serverId: Uint8Array.fromHex(serverId), nonceLength: 12 }],
});
console.log("ready");
await Deno.stdin.readable.pipeTo(new WritableStream());
Deno.exit(0);
