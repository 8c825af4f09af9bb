#!/usr/bin/env -S deno run --unstable-net --allow-net --allow-read --allow-write --allow-run
// deno-lint-ignore-file no-console -- a program speaks on its console
/** `deno task demo`: 100 MB, or as many as are given, come over two paths and are compared. */
import { createHash, randomFillSync } from "node:crypto";
import { makeIssuedCertificate } from "../mod.ts";

const SIZE = 1_000_000 * Number(Deno.args[0] ?? 100);
const directory = await Deno.makeTempDir({ prefix: "mpquic-demo-" });
/** What the programs are allowed; they find the addresses of -n by themselves. */
const PERMISSIONS = ["--allow-net", "--allow-read", "--allow-sys=networkInterfaces"];
const addresses = ["127.0.0.1", canBind("127.0.0.2") ? "127.0.0.2" : "::1"];

Deno.addSignalListener("SIGINT", () => {}); // it ends the programs below; then we clean up
let succeeded = false;
try {
  succeeded = await demonstrate();
} finally {
  await Deno.remove(directory, { recursive: true });
}
Deno.exit(succeeded ? 0 : 1);

async function demonstrate(): Promise<boolean> {
  console.log(`1. Making certificates and a file of ${SIZE / 1e6} MB in ${directory}`);
  await makeCertificates();
  const sent = await makeFile(`${directory}/www/file.bin`);

  console.log(`2. Starting the server on ${addresses.join(" and ")}`);
  const both = addresses.join(",");
  const served = ["-www", `${directory}/www`, "-certpath", directory, "-port", "0", "-n", both];
  const server = start("server", served, "piped");
  try {
    return await fetchAndCompare(await readPort(server.stdout), sent);
  } finally {
    server.kill("SIGINT");
    await server.status;
  }
}

async function fetchAndCompare(port: string, sent: string): Promise<boolean> {
  console.log(`3. Fetching the file over two paths, port ${port}`);
  const second = addresses[1]!.includes(":") ? `[${addresses[1]}]` : addresses[1];
  const trust = ["--cacert", `${directory}/authority.pem`, "-o", `${directory}/copy.bin`];
  const paths = ["-n", addresses.join(","), "-mip", `${second}:${port}`];
  const url = `https://localhost:${port}/file.bin`;
  const client = start("client", [...trust, ...paths, url], "inherit");
  if (!(await client.status).success) return false;

  const received = await hashFile(`${directory}/copy.bin`);
  console.log(`4. SHA-256 sent:     ${sent}\n   SHA-256 received: ${received}`);
  return sent === received;
}

async function makeCertificates(): Promise<void> {
  const issued = await makeIssuedCertificate(["localhost", ...addresses]);
  await Deno.writeTextFile(`${directory}/fullchain.pem`, issued.certPem);
  await Deno.writeTextFile(`${directory}/privkey.pem`, issued.keyPem);
  await Deno.writeTextFile(`${directory}/authority.pem`, issued.caPem);
}

async function makeFile(path: string): Promise<string> {
  await Deno.mkdir(`${directory}/www`);
  using file = await Deno.open(path, { write: true, create: true });
  const chunk = new Uint8Array(1_000_000);
  const hash = createHash("sha256");
  for (let size = 0; size < SIZE; size += chunk.length) {
    hash.update(randomFillSync(chunk));
    await file.write(chunk);
  }
  return hash.digest("hex");
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of (await Deno.open(path)).readable) hash.update(chunk);
  return hash.digest("hex");
}

function start(program: string, args: string[], stdout: "piped" | "inherit"): Deno.ChildProcess {
  const url = new URL(`../cli/${program}.ts`, import.meta.url);
  const allowed = program === "client" ? [...PERMISSIONS, "--allow-write"] : PERMISSIONS;
  const command = ["run", "--unstable-net", ...allowed, url.href, ...args];
  return new Deno.Command(Deno.execPath(), { args: command, stdout, stdin: "null" }).spawn();
}

/** Waits until the server says where it listens. */
async function readPort(stdout: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> {
  let text = "";
  for await (
    const piece of stdout.pipeThrough(new TextDecoderStream()).values({ preventCancel: true })
  ) {
    text += piece;
    const port = /Listening on \S+:(\d+) /.exec(text)?.[1];
    if (port) return port;
  }
  throw new Error("Cannot go on: the server did not start");
}

function canBind(hostname: string): boolean {
  try {
    Deno.listenDatagram({ transport: "udp", hostname, port: 0 }).close();
    return true;
  } catch {
    return false; // only Linux has all of 127.0.0.0/8
  }
}
