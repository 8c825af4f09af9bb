import { listen, type ListenOptions, serve } from "../../mod.ts";
import type { Contract } from "./contract.ts";
import { HQ, openFile, serveFiles } from "./hq.ts";

/** Serves a test case until the process is ended. */
export async function runServer(contract: Contract): Promise<void> {
  const options = serverOptions(contract);
  if (contract.testCase === "http3") {
    await using server = serve(options, async ({ url }) => {
      try {
        return new Response((await openFile(contract.www, new URL(url).pathname)).readable);
      } catch {
        return new Response(null, { status: 404 });
      }
    });
    announce();
    await server.finished;
    return;
  }
  await using listener = listen({ ...options, alpnProtocols: [HQ] });
  announce();
  for await (const connection of listener) {
    serveFiles(connection, contract.www).catch(() => {}); // the next one is served all the same
  }
}

/** Tells the starter of the process that it may go on. */
function announce(): void {
  Deno.stdout.writeSync(new TextEncoder().encode("listening\n"));
}

function serverOptions(contract: Contract): Omit<ListenOptions, "alpnProtocols"> {
  const { testCase, certs, port, localAddresses } = contract;
  return {
    port,
    cert: Deno.readTextFileSync(`${certs}/cert.pem`),
    key: Deno.readTextFileSync(`${certs}/priv.key`),
    handshakeTimeout: 30_000,
    maxConcurrentPaths: 1, // its captures are read by tools that know of one path
    retry: testCase === "retry" ? "always" : "auto",
    earlyData: testCase === "zerortt",
    ...localAddresses.length > 0 ? { localAddresses: [...localAddresses] } : {},
    ...testCase === "v2" ? { versions: ["v2", "v1"] as const } : {},
    ...testCase === "connectionmigration" ? { preferredAddresses: preferred(contract) } : {},
  };
}

/** Another port of the first address of each family: the runner's servers have one of each. */
function preferred({ preferredPort: port, localAddresses }: Contract): Deno.NetAddr[] {
  const all = localAddresses.length > 0
    ? localAddresses
    : Deno.networkInterfaces().filter(({ name }) => name !== "lo").map(({ address }) => address);
  const usable = all.filter((address) => !address.startsWith("fe80:"));
  return [false, true].flatMap((isIpv6) => {
    const hostname = usable.find((address) => address.includes(":") === isIpv6);
    return hostname === undefined ? [] : [{ transport: "udp" as const, hostname, port }];
  });
}
