// A server over TCP in a process of its own, which hostile clients may try to end.

import { serveTcp } from "../../src/http2/serve_tcp.ts";
import { cert, key } from "../http3/deno_quic.ts";

const options = { port: 0, localAddresses: ["127.0.0.1"], cert, key };
const tunnel = () => new Response(new ReadableStream());
const tunnels = { onConnect: tunnel, onConnectTcp: tunnel };
const limits = { perAddress: 1_000 };
const server = await serveTcp(
  { ...options, ...tunnels, limits },
  () => new Response(new Uint8Array(2_000)),
);
Deno.stdout.writeSync(new TextEncoder().encode(`${server.addrs[0]!.port}\n`));
