/**
 * A server of one file at any path, as a process that can be killed. It prints how many bytes it
 * has given in all, each time that it gives some.
 *
 *     deno run -A tests/cli/counted_server.ts FOLDER PORT SIZE
 */
import { serve } from "../../mod.ts";
import { patternBytes } from "../../src/sim/pattern.ts";

const CHUNK = 65_536;
const [folder, port, size] = [Deno.args[0]!, Number(Deno.args[1]), Number(Deno.args[2])];
const encoder = new TextEncoder();
let given = 0;

/** By one call of the system, so that a process that is killed has said all. */
function say(line: string): void {
  Deno.stdout.writeSync(encoder.encode(`${line}\n`));
}

function bodyFrom(first: number): ReadableStream<Uint8Array> {
  let at = first;
  return new ReadableStream({
    pull(controller) {
      const length = Math.min(CHUNK, size - at);
      controller.enqueue(patternBytes(0, at, length));
      at += length;
      given += length;
      say(`given ${given}`);
      if (at === size) controller.close();
    },
  }, { highWaterMark: 0 });
}

serve({
  port,
  localAddresses: ["127.0.0.1"],
  cert: await Deno.readTextFile(`${folder}/fullchain.pem`),
  key: await Deno.readTextFile(`${folder}/privkey.pem`),
  onListen: () => say("listening"),
}, ({ headers }) => {
  const first = Number(/^bytes=(\d+)-$/.exec(headers.get("range") ?? "")?.[1] ?? 0);
  const part = { "content-range": `bytes ${first}-${size - 1}/${size}` };
  return new Response(bodyFrom(first), {
    status: first > 0 ? 206 : 200,
    headers: { etag: '"1"', "content-length": `${size - first}`, ...first > 0 && part },
  });
});
