// Carries requests over TCP, by the `fetch` of the runtime.

import type { Carrier } from "./carrier.ts";
import { CurlCode } from "../console/curl_code.ts";
import { Failure } from "../console/failure.ts";
import type { Trust } from "./trust_files.ts";

/** How to reach a server over TCP. */
export interface TcpOptions {
  /** What the server is judged by, and what we show it; lists of revoked ones are not for TCP. */
  readonly trust: Omit<Trust, "revocation">;
  /** Where to send from; undefined leaves it to the system. */
  readonly localAddress: string | undefined;
}

/** The runtime's own `fetch`, for where UDP does not get through. */
export class TcpCarrier implements Carrier {
  /** Whether it is HTTP/2 or HTTP/1.1, the runtime does not tell. */
  readonly protocol = "HTTP";
  readonly isOpen = true; // the runtime makes further connections by itself
  readonly rows = [];
  readonly #client: Deno.HttpClient;
  #hasAnswered = false;

  /** @param options How to reach the server. */
  constructor({ trust: { caCerts, identity }, localAddress }: TcpOptions) {
    this.#client = Deno.createHttpClient({
      caCerts: [...caCerts],
      ...identity,
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
    const headers = new Headers(init.headers);
    // The body as it stands, as it comes over HTTP/3 too: otherwise the runtime would decode it, and
    // leave the fields that describe the coded body.
    headers.set("accept-encoding", "identity");
    const whole = { ...init, headers, redirect: "manual", client: this.#client } as const;
    try {
      const response = await fetch(url, whole);
      this.#hasAnswered = true;
      return response;
    } catch (error) {
      init.signal?.throwIfAborted();
      if (this.#hasAnswered || !(error instanceof TypeError)) throw error;
      throw tcpFailure(error, url.host);
    }
  }

  /** Closes the connections. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#client.close();
    return Promise.resolve();
  }
}

/** The runtime says everything about an error in one line, the reason last. */
function tcpFailure(error: TypeError, server: string): Failure {
  const text = `${error.message}${error.cause instanceof Error ? `: ${error.cause.message}` : ""}`;
  const certificate = /invalid peer certificate: (\w+)/.exec(text)?.[1];
  if (certificate !== undefined) {
    return new Failure(
      `Cannot trust the certificate of ${server}: ${certificate}; name its authority with --cacert FILE`,
      1,
      CurlCode.Certificate,
    );
  }
  const reason = text.replace(/^.*(?:error: |client error \(\w+\): )/, "");
  return new Failure(
    `Cannot reach ${server}: nothing answers over UDP, nor over TCP (${reason}); check that the server runs there`,
    1,
    CurlCode.Connect,
  );
}
