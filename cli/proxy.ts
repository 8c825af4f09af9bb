// The command `proxy`: programs of this machine over all networks to a gateway.

import { createHash, timingSafeEqual } from "node:crypto";
import type { TunnelOptions, TunnelTransport } from "../mod.ts";
import { readTrust } from "./client/trust_files.ts";
import { Failure } from "./console/failure.ts";
import { openLiveView } from "./console/live_view.ts";
import { print, report } from "./console/output.ts";
import { onInterruption, say } from "./console/program.ts";
import { helpWidth } from "./console/terminal_size.ts";
import { version } from "./console/version.ts";
import { transportOptions } from "./flags/transport_options.ts";
import { usageText } from "./flags/usage.ts";
import { targetText } from "./paths/plan_paths.ts";
import { Gateway } from "./proxy/gateway.ts";
import { NearSide } from "./proxy/near_side.ts";
import { type ProxyChoices, proxyProgram, readProxyOptions } from "./proxy/proxy_options.ts";

/** Milliseconds without a tunnel after which the connection to the gateway is closed. */
const IDLE_TIMEOUT = 600_000;

/**
 * Runs `proxy` until it is interrupted.
 *
 * @param args The words of the command line.
 * @returns The exit code.
 */
export async function runProxy(args: readonly string[]): Promise<number> {
  const options = readProxyOptions(args);
  if (options === "help") return say(usageText(proxyProgram, helpWidth()));
  if (options === "version") return say(version);
  await using _view = openLiveView(options.live, proxyProgram.name, print);
  const onTold = (text: string) => report(`mpquic proxy: ${text}`);
  const gateway = new Gateway(options.via, await tunnelOptions(options, onTold), randomHop());
  const near = new NearSide(listen(options), gateway, {
    onTold,
    ...(options.user && { isUser: userCheck(options.user) }),
  });
  const interrupted = new Promise<void>((resolve) => onInterruption(resolve));
  print(advice(near.addr, options).join("\n"));
  await interrupted;
  near.close();
  return 0;
}

/** What the near side calls itself: a name that no other proxy has. */
function randomHop(): string {
  return `mpquic-${crypto.randomUUID().slice(0, 8)}`;
}

/** What is told when tunnels go another way from now on. */
const TRANSPORT_TEXTS: Readonly<Record<TunnelTransport, string>> = {
  tcp: "UDP does not get through to the gateway: going over TCP, by one network alone",
  quic: "UDP gets through to the gateway again: going over QUIC, by all networks",
};

async function tunnelOptions(
  options: ProxyChoices,
  onTold: (text: string) => void,
): Promise<TunnelOptions> {
  const { interfaces, tokenFile, caCert, crlFile, insecure, identity } = options;
  const token = tokenFile === undefined ? undefined : await readToken(tokenFile);
  const { caCerts, revocation } = await readTrust({ caCert, crlFile });
  return {
    ...(token !== undefined && { token }),
    ...(identity && await readKeyPair(identity)),
    ...(caCerts.length > 0 && { caCerts: [...caCerts] }),
    ...(revocation && { revocation }),
    ...(interfaces.length > 0 && { paths: interfaces.map((localAddress) => ({ localAddress })) }),
    ...transportOptions(options, interfaces.length),
    insecure,
    idleTimeout: IDLE_TIMEOUT,
    fallback: "tcp",
    onTransport: (transport) => onTold(TRANSPORT_TEXTS[transport]),
  };
}

async function readKeyPair(
  files: NonNullable<ProxyChoices["identity"]>,
): Promise<{ cert: string; key: string }> {
  const [cert, key] = await Promise.all([read(files.cert, "cert"), read(files.key, "key")]);
  return { cert, key };
}

async function read(file: string, flag: string): Promise<string> {
  try {
    return await Deno.readTextFile(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw new Failure(`Cannot read ${file}: name another file with --${flag}`);
  }
}

async function readToken(file: string): Promise<string> {
  let text: string;
  try {
    text = (await Deno.readTextFile(file)).trim();
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw new Failure(`Cannot read the token in ${file}: name another file with --token-file`);
  }
  if (/^[\x21-\x7e]+$/.test(text)) return text;
  throw new Failure(`Cannot use what is in ${file}: it must hold a token in one line, and no more`);
}

function listen({ listen: { hostname, port } }: ProxyChoices): Deno.TcpListener {
  try {
    return Deno.listen({ hostname, port });
  } catch (error) {
    const place = targetText({ hostname, port });
    if (error instanceof Deno.errors.AddrInUse) {
      throw new Failure(
        `Cannot listen on ${place}: another program uses the port; choose another with --listen`,
      );
    }
    if (error instanceof Deno.errors.AddrNotAvailable) {
      throw new Failure(
        `Cannot listen on ${place}: this machine does not have that address; choose another with --listen`,
      );
    }
    throw error;
  }
}

/** Compares hashes, which are equally long, in constant time. */
function userCheck(
  user: NonNullable<ProxyChoices["user"]>,
): (name: string, password: string) => boolean {
  const hash = (name: string, password: string) =>
    createHash("sha256").update(`${name}:${password}`).digest();
  const wanted = hash(user.name, user.password);
  return (name, password) => !name.includes(":") && timingSafeEqual(hash(name, password), wanted);
}

function advice(address: Deno.NetAddr, { via, user }: ProxyChoices): readonly string[] {
  const place = targetText(address);
  const login = user ? `${encodeURIComponent(user.name)}:PASSWORD@` : "";
  return [
    `Listening on ${place} for SOCKS 5 and HTTP, by way of ${via}`,
    "For programs of a shell:",
    `  export HTTPS_PROXY=http://${login}${place} HTTP_PROXY=http://${login}${place}`,
    `  export ALL_PROXY=socks5h://${login}${place} NO_PROXY=localhost,127.0.0.1,::1`,
    `For Chromium: --proxy-server=socks5://${place}`,
  ];
}
