// The HTTPS server over TCP beside HTTP/3: files, and tunnels for near sides that UDP does not reach.

import { isIP } from "node:net";
import {
  type CertificateOptions,
  type ProxyHandlers,
  serveTcp,
  type TcpHttpServer,
  type TcpRequestInfo,
  type TcpServerLimits,
} from "../../mod.ts";
import { reasonOf } from "../console/connect_failure.ts";
import { report } from "../console/output.ts";
import type { KeyPair } from "./certificate.ts";
import { bareName, CertificateNames } from "./certificate_names.ts";
import { type ClientAuthority, clientCertificatesOf } from "./client_authority.ts";
import type { ClientHandler } from "./exchange.ts";
import { PortInUse } from "./port_in_use.ts";

/** What a TCP server is made from. */
export interface TcpServerOptions {
  /** The local addresses to listen on. */
  readonly hostnames: readonly string[];
  /** The TCP port; HTTP/3 is at the UDP port of the same number. */
  readonly port: number;
  /**
   * Whether another port would do as well: the system has chosen this one.
   *
   * @default {false}
   */
  readonly mayMove?: boolean;
  /** Certificates with their keys; the first one is for all names that the others are not good for. */
  readonly keyPairs: readonly KeyPair[];
  /**
   * Whether clients take the certificate for any host, as they do for one made for development.
   *
   * @default {false}
   */
  readonly isForDevelopment?: boolean;
  /** Answers requests; undefined if there are no files over TCP. */
  readonly handler: ClientHandler | undefined;
  /** Answer tunnels, if there are to be any. */
  readonly proxy?: ProxyHandlers | undefined;
  /** Judges the certificates of clients; undefined if they are asked for none. */
  readonly authority?: ClientAuthority | undefined;
  /** How much clients may take up; what holds for the library if left out. */
  readonly limits?: TcpServerLimits;
}

/**
 * Serves HTTPS over TCP, for browsers that do not know about HTTP/3 here yet: every answer names
 * it in `Alt-Svc` (RFC 9114, Section 3.1.1).
 *
 * The server is that of the library: the runtime's own takes no tunnels and no certificates of
 * clients, knows one certificate and no limits, and sends the end of an answer only when its beginning
 * is acknowledged, after 40 ms as a rule (Nagle's algorithm).
 */
export class TcpServer {
  readonly #options: TcpServerOptions;
  readonly #known = new Set<string>();
  #names: readonly CertificateNames[];
  #server: TcpHttpServer | undefined;

  private constructor(options: TcpServerOptions) {
    this.#options = options;
    this.#names = namesOf(options.keyPairs);
  }

  /**
   * Listens. Where another program has the port, a server of files fails, and one that may move; one of
   * tunnels alone says so: tunnels over HTTP/3 work all the same.
   *
   * @param onTold Hears of it.
   * @throws {PortInUse} If another program has the port.
   */
  static async listen(
    options: TcpServerOptions,
    onTold: (text: string) => void = report,
  ): Promise<TcpServer> {
    const { hostnames, port, handler, mayMove = false } = options;
    const server = new TcpServer(options);
    server.#server = await server.#open();
    await server.#hear(hostnames, async (hostname, error) => {
      const isTaken = (error as { code?: unknown }).code === "EADDRINUSE";
      if (handler !== undefined || (isTaken && mayMove)) {
        await server.shutdown();
        throw isTaken ? new PortInUse("TCP", hostname, port) : error;
      }
      const what = `Cannot listen on TCP port ${port} of ${hostname}`;
      onTold(`${what}: ${reasonOf(error)}; clients come by UDP alone`);
    });
    return server;
  }

  /**
   * Listens on further addresses as well, where that is possible; where it is not, the next time may
   * be better.
   *
   * @param hostnames All local addresses to listen on.
   */
  async follow(hostnames: readonly string[]): Promise<void> {
    await this.#hear(hostnames.filter((hostname) => !this.#known.has(hostname)), () => {
      // Another program has the port there, say. HTTP/3 works all the same.
    });
  }

  /** Shows other certificates to those that come from now on. */
  setCertificates(keyPairs: readonly KeyPair[]): void {
    this.#names = namesOf(keyPairs);
    this.#server!.setCertificates(certificatesOf(keyPairs));
  }

  /** Takes no further connections and requests, and stops when those under way are done. */
  async shutdown(): Promise<void> {
    await this.#server!.shutdown();
  }

  /** Ends all connections, and cuts off what is under way. */
  close(): void {
    this.#server!.close();
  }

  #open(): Promise<TcpHttpServer> {
    const { port, keyPairs, authority, limits = {}, proxy } = this.#options;
    const place = { port, ...certificatesOf(keyPairs), localAddresses: [] };
    const more = {
      ...clientCertificatesOf(authority),
      ...(proxy && { onConnect: proxy.onConnect, onConnectTcp: proxy.onConnectTcp }),
      limits,
    };
    return serveTcp({ ...place, ...more }, (request, info) => this.#answer(request, info));
  }

  async #hear(
    hostnames: readonly string[],
    onFailure: (hostname: string, error: unknown) => void | Promise<void>,
  ): Promise<void> {
    for (const hostname of hostnames) {
      this.#known.add(hostname);
      try {
        await this.#server!.follow([hostname]);
      } catch (error) {
        this.#known.delete(hostname); // the next time may be better
        await onFailure(hostname, error);
      }
    }
  }

  async #answer(request: Request, info: TcpRequestInfo): Promise<Response> {
    const { authority, handler, port } = this.#options;
    const { remoteAddr, protocol, peerCertificates: [certificate], serverName, ...rest } = info;
    // RFC 9110, Section 7.4.
    if (!this.#isOurs(new URL(request.url).hostname, serverName)) {
      return new Response(null, { status: 421 });
    }
    const client = {
      address: remoteAddr.hostname,
      protocol: protocol === "HTTP/2" ? "HTTP/2.0" : protocol,
      paths: () => [],
      certificateUser: certificate && authority?.userOf(certificate),
      ...rest,
    };
    const response = handler === undefined
      ? new Response(null, { status: 404 })
      : await handler(request, client);
    return withAltSvc(response, port);
  }

  /**
   * Whether a request is for a host of the certificate that its client was shown, or for the one that
   * its client asked for: that client has judged the certificate for that host.
   */
  #isOurs(hostname: string, serverName: string | undefined): boolean {
    if (this.#options.isForDevelopment || this.#shownTo(serverName).covers(hostname)) return true;
    const bare = bareName(hostname);
    return serverName === undefined ? isIP(bare) !== 0 : bare === bareName(serverName);
  }

  /** The certificate for a name, chosen as HTTP/3 chooses (RFC 6066, Section 3). */
  #shownTo(serverName = ""): CertificateNames {
    const [first, ...others] = this.#names;
    return others.find((names) => names.covers(serverName)) ?? first!;
  }
}

function namesOf(keyPairs: readonly KeyPair[]): readonly CertificateNames[] {
  return keyPairs.map(({ cert }) => new CertificateNames(cert));
}

function certificatesOf([first, ...certificates]: readonly KeyPair[]): CertificateOptions {
  return { ...first!, certificates };
}

/**
 * The response with a pointer to HTTP/3.
 *
 * @param response What the handler answered.
 * @param port The UDP port of HTTP/3.
 */
export function withAltSvc(response: Response, port: number): Response {
  const advertised = new Response(response.body, response); // headers may be read-only
  advertised.headers.set("alt-svc", `h3=":${port}"; ma=86400`);
  return advertised;
}
