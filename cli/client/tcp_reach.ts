// Finds the local address from which a server can be reached over TCP.

import { isIP } from "node:net";
import { connect } from "node:tls";
import { Failure } from "../console/failure.ts";
import { bareHost } from "../paths/bare_host.ts";
import { resolveHost } from "../paths/present_interfaces.ts";

/** RFC 8305, Section 5: milliseconds before the next way is tried beside the one before. */
const ATTEMPT_DELAY = 250;

/** Which server to reach, from where, and how long to try. */
export interface TcpReach {
  /** Any URL of the server. */
  readonly url: URL;
  /** The local addresses to try, best first; none leaves it to the system. */
  readonly localAddresses: readonly string[];
  /** Milliseconds that it may take. */
  readonly timeout: number;
  /** Gives up. */
  readonly signal: AbortSignal;
}

/** A way over which a connection may be made. */
interface Way {
  readonly local: string | undefined;
  readonly remote: string;
}

/**
 * Finds the local address from which a server answers over TCP: the first with which a TLS
 * handshake is complete. Nothing else is sent, so the certificate of the server is not judged here.
 *
 * @param reach Which server to reach, from where, and how long to try.
 * @returns The local address; undefined if that is for the system to choose, or nothing works.
 * @throws {Failure} If nothing has come of it in time.
 */
export async function reachOverTcp(reach: TcpReach): Promise<string | undefined> {
  const { url, timeout, signal } = reach;
  const attempts = new Attempts(url);
  const late = Promise.withResolvers<never>();
  const stop = () => late.reject(signal.reason);
  const timer = setTimeout(() => late.reject(tooLate(url.host, timeout)), timeout);
  signal.addEventListener("abort", stop, { once: true });
  try {
    const found = waysOf(reach).then((ways) => attempts.run(ways));
    return await Promise.race([found, late.promise]);
  } finally {
    signal.removeEventListener("abort", stop);
    clearTimeout(timer);
    attempts.stop();
  }
}

function tooLate(server: string, timeout: number): Failure {
  return new Failure(
    `Cannot reach ${server}: nothing answers over UDP, nor over TCP (nothing came in ${
      (timeout / 1000).toFixed(1)
    } s); check that the server runs there, or allow more with --connect-timeout`,
  );
}

async function waysOf({ url, localAddresses }: TcpReach): Promise<readonly Way[]> {
  const remotes = await resolveHost(url.hostname);
  if (localAddresses.length === 0) return remotes.map((remote) => ({ local: undefined, remote }));
  return remotes.flatMap((remote) =>
    localAddresses.filter((local) => isIP(local) === isIP(remote) && mayUse(local))
      .map((local) => ({ local, remote }))
  );
}

/** What we may not even try must not end the program behind our back. */
function mayUse(local: string): boolean {
  return Deno.permissions.querySync({ name: "net", host: local }).state === "granted";
}

/** Tries several ways at a time, and keeps none of the connections. */
class Attempts {
  readonly #url: URL;
  readonly #sockets: ReturnType<typeof connect>[] = [];
  #isOver = false;

  constructor(url: URL) {
    this.#url = url;
  }

  async run(ways: readonly Way[]): Promise<string | undefined> {
    const all: Promise<string | undefined>[] = [];
    for (const way of ways) {
      if (this.#isOver) break;
      const attempt = this.#try(way);
      const failed = attempt.then(() => this.stop(), () => {});
      all.push(attempt);
      if (way !== ways.at(-1)) await Promise.race([failed, sleep(ATTEMPT_DELAY)]);
    }
    // What is wrong with all of them, the request will tell.
    return await Promise.any(all).catch(() => undefined);
  }

  stop(): void {
    this.#isOver = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  #try({ local, remote }: Way): Promise<string | undefined> {
    const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
    const { hostname, port } = this.#url;
    const socket = connect({
      host: remote,
      port: Number(port || 443),
      ...local !== undefined && { localAddress: local },
      ...isIP(bareHost(hostname)) === 0 && { servername: hostname },
      ALPNProtocols: ["h2", "http/1.1"],
      rejectUnauthorized: false,
    });
    this.#sockets.push(socket);
    socket.once("secureConnect", () => resolve(local));
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("It was closed")));
    return promise;
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
