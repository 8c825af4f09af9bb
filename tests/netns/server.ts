// deno-lint-ignore-file no-console -- a program speaks on its console
/** Sends as many bytes as each stream asks for, from all interfaces; ends with its input. */
import {
  type BidirectionalStream,
  makeDevelopmentCertificate,
  MultipathConnection,
} from "../../mod.ts";
import { payload } from "./payload.ts";
import { PORT } from "./testbed.ts";

const CHUNK = 65_536;

const { certPem, keyPem } = await makeDevelopmentCertificate(["localhost"]);
const listener = MultipathConnection.listen({
  port: PORT,
  localAddresses: ["s*"],
  cert: certPem,
  key: keyPem,
  alpnProtocols: ["netns"],
});
console.log("ready");
Deno.stdin.readable.pipeTo(new WritableStream()).then(() => Deno.exit(0));
for await (const connection of listener) serve(connection).catch(() => {});

async function serve(connection: MultipathConnection): Promise<void> {
  connection.closed.catch(() => {});
  for await (const stream of connection.incomingBidirectionalStreams) {
    answer(stream).catch(() => {});
  }
}

async function answer({ readable, writable }: BidirectionalStream): Promise<void> {
  const size = Number(await new Response(readable).text());
  const writer = writable.getWriter();
  for (let at = 0; at < size; at += CHUNK) {
    await writer.write(payload(at, Math.min(size, at + CHUNK)));
  }
  await writer.close();
}
