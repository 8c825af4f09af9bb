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
import { chromiumFlags, publicKeyHash } from "./server/certificate.ts";
import { Certificates } from "./server/certificates.ts";
import { ClientFiles } from "./server/client_files.ts";
import { ConfigurationFile, fleetOptions } from "./server/fleet.ts";
import { type HttpServer, listen, listenOnBoth, listenWorkers } from "./server/listening.ts";
import { isWorker } from "./server/is_worker.ts";
import { WorkerLine } from "./server/worker_line.ts";
import { makeHandler } from "./server/handler.ts";
import { Failure } from "./console/failure.ts";
import { absenceLines, allAddresses } from "./paths/interfaces.ts";
import { liveViewLine, openLiveView } from "./console/live_view.ts";
import { print, report } from "./console/output.ts";
import { targetText } from "./paths/plan_paths.ts";
import {
  choosePresentInterfaces,
  presentAddresses,
  resolveHost,
} from "./paths/present_interfaces.ts";
import { onHangup, onInterruption, runProgram, say } from "./console/program.ts";
import { helpWidth } from "./console/terminal_size.ts";
import type { ClientHandler } from "./server/exchange.ts";
import { Service } from "./server/service.ts";
import { readServerOptions, type ServerOptions, serverProgram } from "./server/server_options.ts";
import { tcpLimitsFor } from "./server/tcp_limits.ts";
import { TcpServer } from "./server/tcp_server.ts";
import { type Program, usageText } from "./flags/usage.ts";
import { version } from "./console/version.ts";

/** Milliseconds that the rest of the end may take when the time of answers is over. */
const LONGEST_END = 500;

/** Milliseconds between two looks for addresses that the server hears on as well by now. */
const FOLLOW_INTERVAL = 1000;

if (import.meta.main && !isWorker) await runProgram(serverProgram.name, () => runServer(Deno.args));

/**
 * Runs the server until it is interrupted.
 *
 * @param args The words of the command line.
 * @param program What users call it, and what `-h` explains.
 * @returns The exit code.
 */
export async function runServer(
  args: readonly string[],
  program: Program = serverProgram,
): Promise<number> {
  const options = readServerOptions(args, program.name);
  if (options === "help") return say(usageText(program, helpWidth()));
  if (options === "version") return say(version);
  const { known, localAddresses } = await addressesOf(options, program);
  const view = openLiveView(options.live, program.name, print);
  const service = new Service(options);
  const handler = service.watch(await makeHandler(options));
  const certificates = await openCertificates(options, known, program);
  // Each worker has such files of its own; those of this thread serve what comes over TCP.
  const clients = await ClientFiles.open(options);
  const closing = new AbortController();
  const place = { localAddresses, ...certificates.options, ...await fleetOptions(options) };
  const inThisThread = () =>
    listen(
      options,
      place,
      service.overHttp3(handler, clients.authority),
      clients.options,
      closing.signal,
    );
  const { server, tcp } = await listenOnBoth(
    options.port,
    async () =>
      options.workers === undefined ? inThisThread() : await listenWorkers(options, place, args),
    (server) => listenTcp(options, server, certificates, handler, clients),
  );
  // A program that waits for the announcement may end the server at once.
  const interrupted = new Promise<void>((resolve) => onInterruption(resolve));
  if (certificates.isForDevelopment) announceDevelopment(certificates.options.cert, server);
  const line = options.workers === undefined ? undefined : new WorkerLine();
  service.start(server, line?.metrics);
  announce(options, server, tcp !== undefined);
  const stopReplacing = replaceOnSignal(server);
  watchCertificates(certificates, server, tcp);
  const ids = new ConfigurationFile(
    options,
    place.connectionIds,
    (changed) => server.setConnectionIds(changed),
  );
  const forget = onHangup(() => {
    ids.look();
    service.reopen();
    if (view) print(liveViewLine(view));
    line?.reopen();
    certificates.look();
    clients.look();
  });
  await interrupted;
  certificates.stop();
  clients.stop();
  service.drain();
  await shutDown(server, tcp, closing, options.drain);
  forget();
  service.close();
  line?.close();
  await view?.close();
  stopReplacing();
  return 0;
}

/** Where the server listens, and the addresses that it has now. */
async function addressesOf(
  { host, interfaces }: ServerOptions,
  program: Program,
): Promise<{ readonly known: readonly string[]; readonly localAddresses: readonly string[] }> {
  const chosen = choosePresentInterfaces(interfaces);
  absenceLines(chosen).forEach((line) => report(`${program.name}: ${line}`));
  if (host === undefined) {
    // Interfaces are told by their names, as they may get other addresses.
    return { known: allAddresses(chosen), localAddresses: chosen.map(({ pattern }) => pattern) };
  }
  const known = await resolveHost(host);
  return { known, localAddresses: known };
}

/** The certificates of the server; hosts for which there is none are named. */
async function openCertificates(
  { host, keyPairs, sites }: ServerOptions,
  known: readonly string[],
  program: Program,
): Promise<Certificates> {
  const siteHosts = sites.flatMap((site) => site.hosts);
  const own = ["localhost", "127.0.0.1", "::1", ...known, ...presentAddresses()];
  const named = host === undefined ? [] : [host];
  const certificates = await Certificates.open(keyPairs, [...own, ...siteHosts, ...named]);
  for (const missing of certificates.missing(siteHosts)) {
    report(`${program.name}: No certificate is good for ${missing}: clients will refuse it`);
  }
  return certificates;
}

/** Finishes the answers under way, for so many milliseconds at most. */
async function shutDown(
  server: HttpServer,
  tcp: TcpServer | undefined,
  closing: AbortController,
  drain: number,
): Promise<void> {
  closing.signal.addEventListener("abort", () => server.close?.());
  closing.signal.addEventListener("abort", () => tcp?.close());
  print("Stopping once all answers are sent; interrupt again to stop at once");
  // Longer answers are cut off: the user who stops a service does not want to wait.
  setTimeout(() => closing.abort(), drain);
  await Promise.race([
    Promise.all([server.shutdown(), tcp?.shutdown()]),
    new Promise((resolve) => setTimeout(resolve, drain + LONGEST_END)),
  ]);
}

/** Replaces the workers when the system says so (SIGUSR2); returns what ends that. */
function replaceOnSignal(server: HttpServer): () => void {
  if (server.replaceWorkers === undefined || Deno.build.os === "windows") return () => {};
  const replace = async () => {
    try {
      await server.replaceWorkers!();
      print("New workers serve new clients");
    } catch (error) {
      report(`${(error as Error).message}; the old ones go on`);
    }
  };
  Deno.addSignalListener("SIGUSR2", replace);
  return () => Deno.removeSignalListener("SIGUSR2", replace);
}

/** Shows renewed certificates; what cannot be used is said, and the old one stays. */
function watchCertificates(
  certificates: Certificates,
  server: HttpServer,
  tcp: TcpServer | undefined,
): void {
  certificates.watch((news) => {
    if (news instanceof Failure) return report(`${news.message}; the old one stays`);
    server.setCertificates(certificates.options);
    tcp?.setCertificates(certificates.keyPairs);
    const which = certificates.keyPairs.length > 1 ? ` ${news}` : "";
    print(`Using the renewed certificate${which}`);
  });
}

/**
 * Files and tunnels over TCP, if there are to be any, where HTTP/3 is over UDP; also on addresses
 * that come later.
 */
async function listenTcp(
  options: ServerOptions,
  server: HttpServer,
  { keyPairs, isForDevelopment }: Certificates,
  handler: ClientHandler,
  { authority, farSide }: ClientFiles,
): Promise<TcpServer | undefined> {
  if (!options.tcp && farSide === undefined) return undefined;
  const hostnames = () => server.addrs.map(({ hostname }) => hostname);
  const tcp = await TcpServer.listen({
    hostnames: hostnames(),
    port: server.addr.port,
    mayMove: options.port === 0,
    keyPairs,
    isForDevelopment,
    handler: options.tcp ? handler : undefined,
    proxy: farSide?.handlers,
    authority,
    limits: tcpLimitsFor(options),
  });
  Deno.unrefTimer(setInterval(() => tcp.follow(hostnames()), FOLLOW_INTERVAL));
  return tcp;
}

function announce(options: ServerOptions, server: HttpServer, isOverTcp: boolean): void {
  const transport = isOverTcp ? "UDP and TCP" : "UDP";
  const places = server.addrs.map((address) =>
    `Listening on ${targetText(address)} (${transport})`
  );
  // At once, so that a program that waits for the first line has the others too.
  const proxy = options.proxy ? [`A proxy for the users in ${options.proxy.users}`] : [];
  const folder = (path: string) => `Serving ${Deno.realPathSync(path)}`;
  const sites = options.sites.map((site) => `${folder(site.folder)} for ${site.hosts.join(", ")}`);
  if (options.www !== undefined) sites.unshift(folder(options.www));
  print([...sites, ...proxy, ...places].join("\n"));
}

function announceDevelopment(cert: string, { addrs }: HttpServer): void {
  const hash = publicKeyHash(cert);
  print("Using a certificate made for development; it ends with this program.");
  print(`SHA-256 of its public key (SPKI): ${hash}`);
  print(`Chromium accepts it with: ${chromiumFlags(hash, addrs)}`);
}
