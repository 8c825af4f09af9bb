// A server of the runtime for HTTPS over TCP, which knows one certificate.

import type { KeyPair } from "./certificate.ts";
import { CertificateNames } from "./certificate_names.ts";

/** Where it is: clients come in by a front, on the addresses of the user's choice. */
const PLACE = { hostname: "127.0.0.1", port: 0 } as const;

/** Milliseconds until it is tried again to start one. */
const REVIVAL_PAUSE = 100;

/** What answers a request, whose server is told. */
type Answer = (
  request: Request,
  info: Deno.ServeHandlerInfo<Deno.NetAddr>,
  backend: TcpBackend,
) => Response | Promise<Response>;

/** A server with one certificate. */
export class TcpBackend {
  /** The certificate and its key. */
  readonly keyPair: KeyPair;
  /** The hosts that the certificate is good for. */
  readonly names: CertificateNames;
  readonly #answer: Answer;
  #server: Deno.HttpServer<Deno.NetAddr>;
  #isStopped = false;

  constructor(keyPair: KeyPair, answer: Answer) {
    this.keyPair = keyPair;
    this.names = new CertificateNames(keyPair.cert);
    this.#answer = answer;
    this.#server = this.#serve();
  }

  /** Where it is now. */
  get addr(): Deno.NetAddr {
    return this.#server.addr;
  }

  /** Takes no further requests, and stops when those under way are done. */
  async shutdown(): Promise<void> {
    this.#isStopped = true;
    await this.#server.shutdown();
  }

  #serve(): Deno.HttpServer<Deno.NetAddr> {
    const options = { ...PLACE, ...this.keyPair, onListen: ignore };
    const server = Deno.serve(options, (request, info) => this.#answer(request, info, this));
    const revive = () => this.#revive(server);
    server.finished.then(revive, revive);
    return server;
  }

  /** The runtime's server ends when there is no descriptor for a connection; another takes its place. */
  #revive(ended: Deno.HttpServer): void {
    if (this.#isStopped || ended !== this.#server) return;
    try {
      this.#server = this.#serve();
    } catch {
      Deno.unrefTimer(setTimeout(() => this.#revive(ended), REVIVAL_PAUSE));
    }
  }
}

function ignore(): void {
  // The program says itself where it listens.
}
