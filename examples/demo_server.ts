#!/usr/bin/env -S deno run --unstable-net --allow-net --allow-sys=networkInterfaces
// deno-lint-ignore-file no-console -- a program speaks on its console
/** The demo handlers behind HTTP/3: /demo/tiles, /demo/tile, /demo/echo and /demo/upload. */
import { makeDevelopmentCertificate, serve } from "../mod.ts";
import { answerDemo } from "./demo_handlers.ts";

const port = Number(Deno.args[0] ?? 6121);
const { certPem, keyPem } = await makeDevelopmentCertificate(["localhost", "127.0.0.1", "::1"]);

const links = ["tiles", "tile", "echo", "upload"].map((name) =>
  `<li><a href="/demo/${name}">${name}</a>`
);
const index = `<!DOCTYPE html><title>Demo</title><ul>${links.join("")}</ul>`;

const server = serve({ port, cert: certPem, key: keyPem }, async (request) => {
  const answer = await answerDemo(request);
  if (answer) return answer;
  const isIndex = new URL(request.url).pathname === "/";
  const headers = { "content-type": "text/html; charset=utf-8" };
  return new Response(isIndex ? index : "Not here", { status: isIndex ? 200 : 404, headers });
});

for (const { hostname, port } of server.addrs) console.log(`Listening on ${hostname} port ${port}`);
console.log(
  `Try: deno run --allow-net cli/client.ts --insecure https://localhost:${port}/demo/tiles`,
);
await server.finished;
