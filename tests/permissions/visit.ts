// deno-lint-ignore-file no-console -- a program speaks on its console
/**
 * A program that imports the library: both ends on loopback. It prints that they are connected, or
 * the error's name and message.
 *
 * Arguments: the address to connect from, and "named" if the authority is named in `caCerts`. The
 * certificates come on standard input, as JSON, since files are what it may not read.
 */
import { dial, MultipathConnection } from "../../mod.ts";

interface Issued {
  readonly certPem: string;
  readonly keyPem: string;
  readonly caPem: string;
}

const [localAddress = "127.0.0.1", authority] = Deno.args;
const { certPem, keyPem, caPem } = await new Response(Deno.stdin.readable).json() as Issued;
const alpnProtocols = ["visit"];
try {
  await using listener = MultipathConnection.listen({
    port: 0,
    localAddresses: ["127.0.0.1"],
    cert: certPem,
    key: keyPem,
    alpnProtocols,
  });
  await using connection = await dial({
    hostname: "127.0.0.1",
    port: listener.addrs[0]!.port,
    alpnProtocols,
    localAddresses: [localAddress],
    ...authority === "named" && { caCerts: [caPem] },
  });
  console.log(`connected from ${connection.paths[0]!.localAddr.hostname}`);
} catch (error) {
  const { name, message } = error as Error;
  console.log(`${name}: ${message}`);
}
