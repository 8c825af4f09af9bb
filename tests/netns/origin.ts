// deno-lint-ignore-file no-console -- a program speaks on its console
/** A web server on loopback that knows nothing of QUIC; it ends with its input. */
import { payload } from "./payload.ts";

/** Its TCP port. */
export const ORIGIN_PORT = 8080;

if (import.meta.main) {
  const onListen = () => console.log("ready");
  const server = Deno.serve({ hostname: "127.0.0.1", port: ORIGIN_PORT, onListen }, ({ url }) => {
    return new Response(payload(0, Number(new URL(url).pathname.slice(1))));
  });
  for await (const _ of Deno.stdin.readable);
  await server.shutdown();
}
