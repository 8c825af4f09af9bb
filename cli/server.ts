#!/usr/bin/env -S deno run --unstable-net --allow-net --allow-read --allow-sys=networkInterfaces --allow-env
/**
 * Serves the files of a folder over HTTP/3.
 *
 * ```sh
 * deno run -A --unstable-net jsr:@mpquic/mpquic/server -www .
 * ```
 *
 * @module
 */
import { makeDevelopmentCertificate, serve } from "../mod.ts";
import {
  chromiumFlags,
  type KeyPair,
  type KeyPairFiles,
  publicKeyHash,
  readKeyPair,
} from "./certificate.ts";
import { KeyPairWatch } from "./key_pair_watch.ts";
import { Failure } from "./failure.ts";
import { absenceLines, allAddresses } from "./interfaces.ts";
import { limitOptions } from "./limit_flags.ts";
import { logOptions } from "./log_flags.ts";
import { reasonOf } from "./connect_failure.ts";
import { print, report } from "./output.ts";
import { targetText } from "./plan_paths.ts";
import { choosePresentInterfaces, presentAddresses, resolveHost } from "./present_interfaces.ts";
import { onInterruption, runProgram, say } from "./program.ts";
import { withFields } from "./response_fields.ts";
import { readServerOptions, type ServerOptions, serverProgram } from "./server_options.ts";
import { type FileHandler, staticFiles } from "./static_files.ts";
import { portInUse, TcpServer } from "./tcp_server.ts";
import { transportOptions } from "./transport_options.ts";
import { usageText } from "./usage.ts";
import { version } from "./version.ts";

/** Milliseconds that answers under way get to be finished when the server is stopped. */
const GRACE_TIME = 5000;

/** Milliseconds between two looks for addresses that the server hears on as well by now. */
const FOLLOW_INTERVAL = 1000;

type HttpServer = ReturnType<typeof serve>;

if (import.meta.main) await runProgram(serverProgram.name, () => runServer(Deno.args));

/**
 * Runs the server until it is interrupted.
 *
 * @param args The words of the command line.
 * @returns The exit code.
 */
export async function runServer(args: readonly string[]): Promise<number> {
  const options = readServerOptions(args);
  if (options === "help") return say(usageText(serverProgram));
  if (options === "version") return say(version);
  const chosen = choosePresentInterfaces(options.interfaces);
  absenceLines(chosen).forEach((line) => report(`${serverProgram.name}: ${line}`));
  const known = options.host === undefined ? allAddresses(chosen) : await resolveHost(options.host);
  // Interfaces are told by their names, as they may get other addresses.
  const localAddresses = options.host === undefined ? chosen.map(({ pattern }) => pattern) : known;
  const handler = await makeHandler(options);
  const keyPair = options.keyPair && await readKeyPair(options.keyPair);
  const used = keyPair ??
    await developmentKeyPair([...known, options.host ?? "localhost"]);
  const closing = new AbortController();
  const server = listen(options, localAddresses, used, handler, closing.signal);
  const tcp = options.tcp ? listenTcp(server, used, keyPair === undefined, handler) : undefined;
  // A program that waits for the announcement may end the server at once.
  const interrupted = new Promise<void>((resolve) => onInterruption(resolve));
  if (!keyPair) announceDevelopment(used.cert, server);
  announce(options, server);
  const watch = options.keyPair && watchKeyPair(options.keyPair, used, server, tcp);
  await interrupted;
  watch?.stop();
  print("Stopping once all answers are sent; interrupt again to stop at once");
  // Longer answers are cut off: the user who stops a service does not want to wait.
  setTimeout(() => closing.abort(), GRACE_TIME);
  await Promise.race([
    Promise.all([server.shutdown(), tcp?.shutdown()]),
    new Promise((resolve) => setTimeout(resolve, GRACE_TIME + 500)),
  ]);
  return 0;
}

/** Takes over certificates as they are renewed; what cannot be used is said, and the old one stays. */
function watchKeyPair(
  files: KeyPairFiles,
  used: KeyPair,
  server: HttpServer,
  tcp: TcpServer | undefined,
): KeyPairWatch {
  return new KeyPairWatch(files, used, (renewed) => {
    if (renewed instanceof Failure) return report(`${renewed.message}; the old one stays`);
    server.setCertificates(renewed);
    tcp?.setCertificates(renewed);
    print("Using the renewed certificate");
  });
}

/** HTTPS over TCP, where HTTP/3 is over UDP, also on addresses that come later. */
function listenTcp(
  server: HttpServer,
  keyPair: KeyPair,
  isForDevelopment: boolean,
  handler: FileHandler,
): TcpServer {
  const hostnames = server.addrs.map(({ hostname }) => hostname);
  const { port } = server.addr;
  // A development certificate names few hosts, and a client that accepts it does so for any host.
  const isOurs = (hostname: string) => isForDevelopment || server.covers(hostname);
  const tcp = TcpServer.listen({ hostnames, port, keyPair, isOurs, handler });
  const follow = () => tcp.follow(server.addrs.map(({ hostname }) => hostname));
  Deno.unrefTimer(setInterval(follow, FOLLOW_INTERVAL));
  return tcp;
}

async function developmentKeyPair(known: readonly string[]): Promise<KeyPair> {
  const names = new Set(["localhost", "127.0.0.1", "::1", ...known, ...presentAddresses()]);
  const { certPem, keyPem } = await makeDevelopmentCertificate([...names]);
  return { cert: certPem, key: keyPem };
}

function listen(
  options: ServerOptions,
  localAddresses: readonly string[],
  keyPair: KeyPair,
  handler: FileHandler,
  signal: AbortSignal,
): HttpServer {
  const transport = {
    ...transportOptions(options, localAddresses.length),
    ...limitOptions(options),
    ...logOptions(options),
  };
  const addresses = localAddresses.length > 0 ? { localAddresses: [...localAddresses] } : {};
  try {
    return serve({ port: options.port, ...addresses, ...keyPair, ...transport, signal }, handler);
  } catch (error) {
    const place = localAddresses.join(", ") || "this machine";
    if (error instanceof Deno.errors.AddrInUse) throw portInUse("UDP", place, options.port);
    throw cannotListen(error, place, options.port);
  }
}

function cannotListen(error: unknown, place: string, port: number): unknown {
  if (error instanceof Deno.errors.AddrNotAvailable) {
    return new Failure(
      `Cannot listen on ${place}: this machine does not have that address; name another with --host or -n`,
    );
  }
  if (!(error instanceof Deno.errors.PermissionDenied)) return error;
  return new Failure(
    `Cannot listen on port ${port}: that is not allowed; choose one above 1023 with -port`,
  );
}

async function makeHandler(options: ServerOptions): Promise<FileHandler> {
  const handler = withFields(await openFolder(options), options);
  if (!options.verbose) return handler;
  return async (request) => {
    const response = await handler(request);
    print(`${request.method} ${request.url} ${response.status}`);
    return response;
  };
}

async function openFolder(options: ServerOptions): Promise<FileHandler> {
  const path = options.www;
  try {
    if ((await Deno.stat(path)).isDirectory) {
      mayRead(path, await Deno.realPath(path));
      return await staticFiles(path, options);
    }
  } catch (error) {
    if (error instanceof Failure) throw error;
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw new Failure(`Cannot serve ${path}: ${missing(error)}; name another folder with -www`);
  }
  throw new Failure(`Cannot serve ${path}: it is not a folder; name one with -www`);
}

/** The runtime looks through links: what may not be read behind one is a 403 each time. */
function mayRead(path: string, real: string): void {
  if (Deno.permissions.querySync({ name: "read", path: real }).state === "granted") return;
  throw new Failure(
    `Cannot serve ${path}: it leads to ${real}, which may not be read; run it with --allow-read=${real} as well`,
  );
}

function missing(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "it is not there";
  return error instanceof Deno.errors.PermissionDenied ? "it may not be read" : reasonOf(error);
}

function announce(options: ServerOptions, server: HttpServer): void {
  const transport = options.tcp ? "UDP and TCP" : "UDP";
  const places = server.addrs.map((address) =>
    `Listening on ${targetText(address)} (${transport})`
  );
  // At once, so that a program that waits for the first line has the others too.
  print([`Serving ${Deno.realPathSync(options.www)}`, ...places].join("\n"));
}

function announceDevelopment(cert: string, { addrs }: HttpServer): void {
  const hash = publicKeyHash(cert);
  print("Using a certificate made for development; it ends with this program.");
  print(`SHA-256 of its public key (SPKI): ${hash}`);
  print(`Chromium accepts it with: ${chromiumFlags(hash, addrs)}`);
}
