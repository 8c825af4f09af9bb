// The endpoint that the interop runner starts in a container: see run_endpoint.sh and Dockerfile.
import { runClient } from "./client.ts";
import { isKnown, readContract, UNSUPPORTED } from "./contract.ts";
import { runServer } from "./server.ts";

const contract = readContract();
if (!isKnown(contract.testCase)) Deno.exit(UNSUPPORTED);
Deno.addSignalListener("SIGTERM", () => Deno.exit(0));
try {
  await (contract.role === "client" ? runClient : runServer)(contract);
  Deno.exit(0);
} catch (error) {
  Deno.stderr.writeSync(
    new TextEncoder().encode(`${error instanceof Error ? error.stack : error}\n`),
  );
  Deno.exit(1);
}
