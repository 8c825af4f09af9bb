// The server over TCP that takes tunnels and certificates of clients, which that of the runtime cannot.

import { isIPv6 } from "node:net";
import {
  type CertificateOptions,
  type ProxyHandlers,
  serveTcp,
  type TcpHttpServer,
  type TcpServerLimits,
} from "../../mod.ts";
import { reasonOf } from "../console/connect_failure.ts";
import { report } from "../console/output.ts";
import type { LimitChoices } from "../flags/limit_flags.ts";
import type { KeyPair } from "./certificate.ts";
import { CertificateNames } from "./certificate_names.ts";
import { type ClientAuthority, clientCertificatesOf } from "./client_authority.ts";
import type { ClientHandler } from "./exchange.ts";
import { tcpLimitsFor } from "./tcp_front.ts";
import { withAltSvc } from "./tcp_server.ts";

/** What serves over TCP beside HTTP/3. */
export interface TcpSide {
  /** Listens on further addresses as well, where that is possible. */
  follow(hostnames: readonly string[]): void;
  /** Shows other certificates to those that come from now on. */
  setCertificates(keyPairs: readonly KeyPair[]): void;
  /** Takes no further connections, and stops when what is under way is done. */
  shutdown(): Promise<void>;
}

/** What this server is made from. */
export interface TunnelServerOptions {
  /** The local addresses to listen on. */
  readonly hostnames: readonly string[];
  /** The TCP port; HTTP/3 is at the UDP port of the same number. */
  readonly port: number;
  /** Certificates with their keys; the first one is for all names that the others are not good for. */
  readonly keyPairs: readonly KeyPair[];
  /** Whether clients take the certificate for any host, as they do for one made for development. */
  readonly isForDevelopment: boolean;
  /** Answers requests; undefined if there are no files over TCP. */
  readonly handler: ClientHandler | undefined;
  /** Answer tunnels; undefined if there are none. */
  readonly proxy: ProxyHandlers | undefined;
  /** Judges the certificates of clients; undefined if they are asked for none. */
  readonly authority: ClientAuthority | undefined;
  /** How much clients may take up; what holds for the programs if left out. */
  readonly limits?: TcpServerLimits;
}

function namesOf(keyPairs: readonly KeyPair[]): readonly CertificateNames[] {
  return keyPairs.map(({ cert }) => new CertificateNames(cert));
}

function certificatesOf([first, ...certificates]: readonly KeyPair[]): CertificateOptions {
  return { ...first!, certificates };
}

/**
 * The limits for what was chosen on the command line.
 *
 * @param choices What was chosen; the same flags limit clients of HTTP/3.
 */
export function tunnelLimitsFor(choices: LimitChoices): TcpServerLimits {
  const { maxRequests: requests } = choices;
  const { connections, perAddress, handshakes, idle, stall, rate: minBodyRate, exempt } =
    tcpLimitsFor(choices);
  const isExempt = (hostname: string) =>
    exempt?.check(hostname, isIPv6(hostname) ? "ipv6" : "ipv4") ?? false;
  return {
    ...{ connections, perAddress, handshakes, idle, stall, minBodyRate, isExempt },
    ...(requests !== undefined && { requests }),
  };
}

/**
 * Serves files over TCP, and tunnels for near sides that UDP does not reach, also to clients that show
 * certificates.
 */
export class TunnelServer implements TcpSide {
  readonly #options: TunnelServerOptions;
  readonly #known = new Set<string>();
  #names: readonly CertificateNames[];
  #server: TcpHttpServer | undefined;

  private constructor(options: TunnelServerOptions) {
    this.#options = options;
    this.#names = namesOf(options.keyPairs);
  }

  /**
   * Listens. A port that another program has is told, and no reason to stop: tunnels over HTTP/3
   * work all the same.
   *
   * @param onTold Hears of it.
   */
  static async listen(
    options: TunnelServerOptions,
    onTold: (text: string) => void = report,
  ): Promise<TunnelServer> {
    const { port, keyPairs, authority, limits = {}, proxy } = options;
    const server = new TunnelServer(options);
    const place = { port, ...certificatesOf(keyPairs), localAddresses: [] };
    const more = {
      ...clientCertificatesOf(authority),
      ...(proxy && { onConnect: proxy.onConnect, onConnectTcp: proxy.onConnectTcp }),
      limits,
    };
    server.#server = await serveTcp({ ...place, ...more }, (request, info) => {
      const { remoteAddr, protocol, peerCertificates: [certificate], ...rest } = info;
      const { hostname: address } = remoteAddr;
      const version = protocol === "HTTP/2" ? "HTTP/2.0" : protocol;
      const certificateUser = certificate && authority?.userOf(certificate);
      const client = { address, protocol: version, paths: () => [], certificateUser, ...rest };
      return server.#answer(request, client);
    });
    await server.#hear(options.hostnames, onTold);
    return server;
  }

  follow(hostnames: readonly string[]): void {
    this.#hear(hostnames.filter((hostname) => !this.#known.has(hostname)), () => {});
  }

  setCertificates(keyPairs: readonly KeyPair[]): void {
    this.#names = namesOf(keyPairs);
    this.#server!.setCertificates(certificatesOf(keyPairs));
  }

  async shutdown(): Promise<void> {
    await this.#server!.shutdown();
  }

  async #hear(hostnames: readonly string[], onTold: (text: string) => void): Promise<void> {
    for (const hostname of hostnames) {
      this.#known.add(hostname);
      try {
        await this.#server!.follow([hostname]);
      } catch (error) {
        const { port } = this.#options;
        onTold(
          `Cannot listen on TCP port ${port} of ${hostname}: ${
            reasonOf(error)
          }; clients come by UDP alone`,
        );
        this.#known.delete(hostname); // the next time may be better
      }
    }
  }

  #isOurs(hostname: string): boolean {
    return this.#options.isForDevelopment || this.#names.some((names) => names.covers(hostname));
  }

  async #answer(
    request: Request,
    client: Parameters<ClientHandler>[1],
  ): Promise<Response> {
    const { handler, port } = this.#options;
    // RFC 9110, Section 7.4.
    if (!this.#isOurs(new URL(request.url).hostname)) return new Response(null, { status: 421 });
    const response = handler === undefined
      ? new Response(null, { status: 404 })
      : await handler(request, client);
    return withAltSvc(response, port);
  }
}
