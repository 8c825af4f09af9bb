// deno-lint-ignore-file no-console -- a program speaks on its console
/** Answers each stream, from all interfaces; ends with its input. */
import { createHash } from "node:crypto";
import {
  type BidirectionalStream,
  makeDevelopmentCertificate,
  MultipathConnection,
} from "../../mod.ts";
import { type DripPlan, hearDrip, sendDrip } from "./drip.ts";
import { payload } from "./payload.ts";
import { PORT } from "./testbed.ts";

const CHUNK = 65_536;
/** Requests of up to so many bytes are orders. */
const LONGEST_ORDER = 128;

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
    answer(connection, stream).catch(() => {});
  }
}

/** A number asks for as many bytes, a plan for a drip; the digest of anything longer is the answer. */
async function answer(
  connection: MultipathConnection,
  { readable, writable }: BidirectionalStream,
): Promise<void> {
  const hash = createHash("sha256");
  let length = 0;
  let text = "";
  for await (const chunk of readable) {
    hash.update(chunk);
    length += chunk.length;
    if (length <= LONGEST_ORDER) text += new TextDecoder().decode(chunk);
  }
  const writer = writable.getWriter();
  const say = (answer: string) => writer.write(new TextEncoder().encode(answer));
  if (length > LONGEST_ORDER) await say(hash.digest("hex"));
  else if (text.startsWith("{")) await say(`${await drip(connection, JSON.parse(text))}`);
  else await send(Number(text), writer);
  await writer.close();
}

/** The longest delay of a drip of the client; of one of our own, nothing. */
async function drip(connection: MultipathConnection, plan: DripPlan): Promise<number> {
  if (plan.from === "client") return await hearDrip(connection, plan);
  await sendDrip(connection, plan);
  return 0;
}

async function send(size: number, writer: WritableStreamDefaultWriter<Uint8Array>): Promise<void> {
  for (let at = 0; at < size; at += CHUNK) {
    await writer.write(payload(at, Math.min(size, at + CHUNK)));
  }
}
