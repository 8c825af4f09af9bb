import type { MultipathConnection } from "../../src/api/multipath_connection.ts";
import type { TransportOptions } from "../../src/api/options/options.ts";
import type { Connection } from "../../src/connection/connection.ts";
import type { ClientTlsOptions, ServerTlsOptions } from "../../src/tls/tls.ts";
import { type IssuedCertificate, makeIssuedCertificate } from "../../mod.ts";
import { connectOurs, type OurEnd, OurServer } from "./our_end.ts";
import { type LossRule, Relay } from "./relay.ts";

/** Which end of the pair is ours; the other one is the runtime's own QUIC. */
export type OurRole = "client" | "server";

/** What is special about a pair. */
export interface DenoPairOptions {
  readonly certificate?: IssuedCertificate;
  readonly transport?: TransportOptions;
  readonly theirs?: Deno.QuicTransportOptions;
  readonly tls?: Partial<ClientTlsOptions & ServerTlsOptions>;
  readonly retry?: "always";
  readonly loss?: LossRule;
  readonly alpn?: string;
}

/** A certificate for localhost that most tests share. */
export const issued: IssuedCertificate = await makeIssuedCertificate(["localhost", "127.0.0.1"]);

/** One of our connections, joined with one of the runtime's. */
export class DenoPair implements AsyncDisposable {
  readonly ours: MultipathConnection;
  readonly core: Connection;
  readonly theirs: Deno.QuicConn;
  readonly #stack: AsyncDisposableStack;

  private constructor(ours: OurEnd, theirs: Deno.QuicConn, stack: AsyncDisposableStack) {
    this.ours = ours.connection;
    this.core = ours.core;
    this.theirs = theirs;
    this.#stack = stack;
    theirs.closed.catch(() => {});
  }

  /** Connects the two. */
  static async make(role: OurRole, options: DenoPairOptions = {}): Promise<DenoPair> {
    await using stack = new AsyncDisposableStack();
    const [ours, theirs] = role === "client"
      ? await joinAsClient(stack, options)
      : await joinAsServer(stack, options);
    return new DenoPair(ours, theirs, stack.move());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.ours[Symbol.asyncDispose]();
    await this.#stack[Symbol.asyncDispose]();
  }
}

/** The runtime's QUIC listens; its end goes with the stack. */
export function listenTheirs(
  stack: AsyncDisposableStack | DisposableStack,
  { certPem, keyPem }: IssuedCertificate,
  options: Deno.QuicTransportOptions = {},
  alpn: string = "test",
): Deno.QuicListener {
  const endpoint = new Deno.QuicEndpoint({ hostname: "127.0.0.1", port: 0 });
  const listener = endpoint.listen({
    cert: certPem,
    key: keyPem,
    alpnProtocols: [alpn],
    ...options,
  });
  stack.defer(() => {
    listener.stop();
    endpoint.close();
  });
  return listener;
}

/** The runtime's QUIC connects; its socket goes with the stack. */
export async function connectTheirs(
  stack: AsyncDisposableStack | DisposableStack,
  port: number,
  caPem: string,
  options: Deno.QuicTransportOptions = {},
  alpn: string = "test",
): Promise<Deno.QuicConn> {
  const endpoint = new Deno.QuicEndpoint({ hostname: "127.0.0.1", port: 0 });
  stack.defer(() => endpoint.close());
  return await Deno.connectQuic({
    hostname: "127.0.0.1",
    port,
    serverName: "localhost",
    alpnProtocols: [alpn],
    caCerts: [caPem],
    endpoint,
    ...options,
  });
}

async function joinAsClient(
  stack: AsyncDisposableStack,
  options: DenoPairOptions,
): Promise<[OurEnd, Deno.QuicConn]> {
  const { certificate = issued, alpn = "test", theirs, transport, tls } = options;
  const listener = listenTheirs(stack, certificate, theirs, alpn);
  const port = withLoss(stack, listener.endpoint.addr.port, options.loss);
  const { caPem } = certificate;
  return await Promise.all([
    connectOurs({ port, caPem, alpn: [alpn], transport, tls }),
    listener.accept(),
  ]);
}

async function joinAsServer(
  stack: AsyncDisposableStack,
  options: DenoPairOptions,
): Promise<[OurEnd, Deno.QuicConn]> {
  const { certificate = issued, alpn = "test", theirs, transport, tls, retry } = options;
  const { certPem: cert, keyPem: key, caPem } = certificate;
  const server = stack.use(new OurServer({ cert, key, alpn: [alpn], transport, tls, retry }));
  const port = withLoss(stack, server.port, options.loss);
  return await Promise.all([server.accept(), connectTheirs(stack, port, caPem, theirs, alpn)]);
}

function withLoss(
  stack: AsyncDisposableStack,
  serverPort: number,
  loss: LossRule | undefined,
): number {
  return loss ? stack.use(new Relay(serverPort, loss)).port : serverPort;
}
