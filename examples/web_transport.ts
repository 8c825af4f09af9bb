#!/usr/bin/env -S deno run --unstable-net --allow-net
// deno-lint-ignore-file no-console -- a program speaks on its console
/**
 * A page for a browser, whose visitors see each other's pointers, which are datagrams, and lines,
 * which are streams. The page comes over HTTP/1.1 from this machine, so that the browser needs no
 * flags: it takes the certificate of the sessions by the hash that the page has.
 */
import { makeDevelopmentCertificate, serve, type WebTransportSession } from "../mod.ts";

const pagePort = Number(Deno.args[0] ?? 8080);
const sessionPort = Number(Deno.args[1] ?? 4433);
const { certPem, keyPem } = await makeDevelopmentCertificate(["localhost", "127.0.0.1"]);

const page = Deno.serve({ hostname: "127.0.0.1", port: pagePort, onListen: () => {} }, async () => {
  const headers = { "content-type": "text/html; charset=utf-8" };
  return new Response(pageFor(server.addr.port, await hashOf(certPem)), { headers });
});
const origin = `http://localhost:${page.addr.port}`;

/** The sessions of all visitors, by number. */
const visitors = new Map<number, WebTransportSession>();
let nextNumber = 0;

const server = serve({
  port: sessionPort,
  localAddresses: ["127.0.0.1"],
  cert: certPem,
  key: keyPem,
  webTransport: { origins: [origin], handler: welcome },
}, () => new Response("Open the page instead"));

async function welcome(session: WebTransportSession): Promise<void> {
  const number = nextNumber++;
  visitors.set(number, session);
  session.closed.catch(() => {}).then(() => visitors.delete(number));
  relayPointers(number, session).catch(() => {});
  // A line of text is a stream of one direction; every visitor gets it on one of its own.
  for await (const stream of session.incomingUnidirectionalStreams) {
    const line = await new Response(stream).bytes();
    for (const other of visitors.values()) sendLine(other, line).catch(() => {});
  }
}

/** Where a pointer was a moment ago is of no use: datagrams may be lost, and wait for none. */
async function relayPointers(number: number, session: WebTransportSession): Promise<void> {
  for await (const position of session.datagrams.readable) {
    for (const [other, { datagrams }] of visitors) {
      if (other === number || datagrams.writable.locked) continue;
      const writer = datagrams.writable.getWriter();
      writer.write(Uint8Array.of(number, ...position)).catch(() => {});
      writer.releaseLock();
    }
  }
}

async function sendLine(session: WebTransportSession, line: Uint8Array): Promise<void> {
  const writer = (await session.createUnidirectionalStream()).getWriter();
  await writer.write(line);
  await writer.close();
}

/** SHA-256 of a certificate, as the browser wants it. */
async function hashOf(pem: string): Promise<number[]> {
  const base64 = pem.replace(/-----[^-]+-----|\s/g, "");
  const der = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return [...new Uint8Array(await crypto.subtle.digest("SHA-256", der))];
}

function pageFor(port: number, hash: readonly number[]): string {
  return `<!doctype html><title>Pointers</title>
<style>
  body { font: 16px sans-serif; height: 100vh; margin: 1em }
  i { position: fixed; width: 12px; height: 12px; border-radius: 6px }
</style>
<form><input placeholder="Say something" autofocus> <output>connecting</output></form><ol></ol>
<script type="module">
const value = new Uint8Array(${JSON.stringify(hash)});
const session = new WebTransport("https://127.0.0.1:${port}/", {
  serverCertificateHashes: [{ algorithm: "sha-256", value }],
});
const output = document.querySelector("output");
session.ready.then(() => output.value = "connected", (error) => output.value = error);
session.closed.catch(() => {}).then(() => output.value = "closed");
await session.ready;

const pointers = session.datagrams.writable ?? session.datagrams.createWritable();
const writer = pointers.getWriter();
addEventListener("pointermove", ({ clientX, clientY }) => {
  writer.write(new Uint8Array(new Uint16Array([clientX, clientY]).buffer));
});
document.querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const input = document.querySelector("input");
  const line = (await session.createUnidirectionalStream()).getWriter();
  await line.write(new TextEncoder().encode(input.value));
  await line.close();
  input.value = "";
});
(async () => {
  for await (const datagram of session.datagrams.readable) {
    const id = "visitor" + datagram[0];
    const [x, y] = new Uint16Array(datagram.slice(1).buffer);
    const dot = document.getElementById(id) ?? document.body.appendChild(document.createElement("i"));
    const background = "hsl(" + datagram[0] * 67 + " 80% 50%)";
    Object.assign(dot, { id });
    Object.assign(dot.style, { left: x + "px", top: y + "px", background });
  }
})();
for await (const stream of session.incomingUnidirectionalStreams) {
  const line = document.querySelector("ol").appendChild(document.createElement("li"));
  line.textContent = await new Response(stream).text();
}
</script>`;
}

console.log(`Open ${origin}/ in several windows: page on port ${page.addr.port}`);
console.log(`Sessions are on UDP port ${server.addr.port}`);
await server.finished;
