// deno-lint-ignore-file no-console -- it tells the harness where it listens
import { serve } from "../../mod.ts";
import { readSite } from "./site.ts";

/*
 * A server that wants to know its clients, in a process of its own:
 * `deno run -A tests/attack/mutual_server.ts FOLDER`.
 */
const [folder] = Deno.args as [string];
const { cert, key } = readSite(folder, "server");
const server = serve({
  port: 0,
  localAddresses: ["127.0.0.1"],
  cert,
  key,
  clientCertificates: { caCerts: [readSite(folder, "client").authority] },
}, () => new Response("only for those we know\n"));
console.log(`Listening on 127.0.0.1:${server.addr.port} (UDP)`);
await Deno.stdin.readable.pipeTo(new WritableStream());
Deno.exit(0);
