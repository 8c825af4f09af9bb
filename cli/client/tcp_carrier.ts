// Carries requests over TCP, for where UDP does not get through.

import { responseProtocol, TcpClient, TransportError } from "../../mod.ts";
import type { Carrier } from "./carrier.ts";
import { connectFailure, reasonIn } from "../console/connect_failure.ts";
import { CurlCode } from "../console/curl_code.ts";
import { Failure } from "../console/failure.ts";
import type { Trust } from "./trust_files.ts";

/** How to reach a server over TCP. */
export interface TcpOptions {
  /** What the server is judged by, and what we show it. */
  readonly trust: Trust;
  /** Where to send from; undefined leaves it to the system. */
  readonly localAddress: string | undefined;
}

/** A client of HTTP/2 and HTTP/1.1, for where UDP does not get through. */
export class TcpCarrier implements Carrier {
  readonly isOpen = true; // the client makes further connections by itself
  readonly rows = [];
  readonly #client: TcpClient;
  #hasAnswered = false;

  /** @param options How to reach the server. */
  constructor({ trust: { caCerts, identity, revocation }, localAddress }: TcpOptions) {
    this.#client = new TcpClient({
      caCerts: [...caCerts],
      ...identity,
      ...revocation && { revocation },
      ...localAddress !== undefined && { localAddress },
    });
  }

  /**
   * Sends one request, and does not follow redirects.
   *
   * @param url What to fetch.
   * @param init How.
   */
  async send(url: URL, init: RequestInit): Promise<Response> {
    try {
      const response = await this.#client.fetch(url, init);
      this.#hasAnswered = true;
      return response;
    } catch (error) {
      init.signal?.throwIfAborted();
      if (this.#hasAnswered) throw error;
      if (error instanceof TransportError) throw connectFailure(error, url.host);
      throw error instanceof TypeError ? tcpFailure(error, url.host) : error;
    }
  }

  /**
   * What a response came over.
   *
   * @param response A response of this carrier.
   */
  protocolOf(response: Response): string {
    return responseProtocol(response) ?? "HTTP";
  }

  /** Closes the connections. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#client.close();
  }
}

/** Why no server is reached. */
function tcpFailure(error: TypeError, server: string): Failure {
  const reason = reasonIn(error.message);
  return new Failure(
    `Cannot reach ${server}: nothing answers over UDP, nor over TCP (${reason}); check that the server runs there`,
    1,
    CurlCode.Connect,
  );
}
