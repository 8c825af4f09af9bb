import { makeIssuedCertificate } from "../../src/io/development_certificate.ts";
import type {
  DevelopmentKeyType,
  IssuedCertificate,
} from "../../src/io/development_certificate.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";
import type { Level } from "../../src/crypto/level.ts";
import { ClientTls } from "../../src/tls/client_tls.ts";
import { Credential } from "../../src/tls/credential.ts";
import { ServerTls } from "../../src/tls/server_tls.ts";
import type {
  ClientTlsOptions,
  ServerTlsOptions,
  Tls,
  TlsContext,
  TlsSink,
} from "../../src/tls/tls.ts";
import { TrustStore } from "../../src/tls/trust/trust_store.ts";

/** The wall clock of all tests: certificates are made for it. */
export const EPOCH = Date.UTC(2026, 0, 15);

const names = ["localhost", "*.example.test", "127.0.0.1", "::1"];
const made = new Map<DevelopmentKeyType, IssuedCertificate>();
for (const keyType of ["P-256", "P-384", "Ed25519", "RSA-2048"] as const) {
  made.set(keyType, await makeIssuedCertificate(names, { keyType, epoch: EPOCH - 3_600_000 }));
}

/** A certificate for localhost with a key of this kind. */
export function issued(keyType: DevelopmentKeyType = "P-256"): IssuedCertificate {
  return made.get(keyType)!;
}

/** One message on its way. */
export interface Flight {
  readonly level: Level;
  readonly data: Uint8Array;
}

/** Collects what a side says. */
export class Recorder implements TlsSink {
  readonly flights: Flight[] = [];
  readonly secrets = new Map<string, string>();
  readonly order: string[] = [];
  parameters: Uint8Array | undefined;
  completed = 0;
  rejected = 0;

  onHandshakeData(level: Level, data: Uint8Array): void {
    this.flights.push({ level, data });
    this.order.push(`data ${level}`);
  }

  onSecrets(
    level: Level,
    suite: number,
    read: Uint8Array | undefined,
    write: Uint8Array | undefined,
  ): void {
    if (read) this.secrets.set(`${level} read`, `${suite} ${read.toHex()}`);
    if (write) this.secrets.set(`${level} write`, `${suite} ${write.toHex()}`);
    this.order.push(`secrets ${level}${read ? " read" : ""}${write ? " write" : ""}`);
  }

  onPeerTransportParameters(data: Uint8Array): void {
    this.parameters = data;
    this.order.push("parameters");
  }

  onEarlyDataRejected(): void {
    this.rejected++;
  }

  onComplete(): void {
    this.completed++;
    this.order.push("complete");
  }
}

/** What a test changes about the usual pair. */
export interface PairOptions {
  readonly client?: Partial<ClientTlsOptions>;
  readonly server?: Partial<ServerTlsOptions>;
  readonly clientContext?: Partial<TlsContext>;
  readonly serverContext?: Partial<TlsContext>;
  readonly keyType?: DevelopmentKeyType;
  readonly seed?: number;
  /** Bytes handed over at a time. */
  readonly chunk?: number;
  /** Changes what is under way; nothing returned drops it. */
  readonly tamper?: (flight: Flight, fromClient: boolean) => Uint8Array | undefined;
}

const stores = new Map<string, TrustStore>();
const credentials = new Map<string, Credential>();

/** A store that trusts the authority of `issued(keyType)`. */
export function storeFor(keyType: DevelopmentKeyType = "P-256"): TrustStore {
  const { caPem } = issued(keyType);
  if (!stores.has(caPem)) stores.set(caPem, new TrustStore([caPem]));
  return stores.get(caPem)!;
}

/** The credential of `issued(keyType)`. */
export function credentialFor(keyType: DevelopmentKeyType = "P-256"): Credential {
  const { certPem, keyPem } = issued(keyType);
  if (!credentials.has(certPem)) {
    credentials.set(certPem, Credential.fromPem(certPem, keyPem));
  }
  return credentials.get(certPem)!;
}

/** A client and a server joined in memory. */
export class Pair {
  readonly client: ClientTls;
  readonly server: ServerTls;
  readonly clientSink = new Recorder();
  readonly serverSink = new Recorder();
  now = 1000;
  readonly #options: PairOptions;

  constructor(options: PairOptions = {}) {
    this.#options = options;
    const { keyType, seed = 1 } = options;
    this.client = new ClientTls({
      serverName: "localhost",
      alpn: ["h3"],
      verification: storeFor(keyType),
      ...options.client,
    }, {
      sink: this.clientSink,
      random: new SeededRandom(seed),
      wallTime: (now) => EPOCH + now,
      transportParameters: () => Uint8Array.of(1, 2, 3),
      ...options.clientContext,
    });
    this.server = new ServerTls({
      credential: () => credentialFor(keyType),
      alpn: ["h3"],
      ...options.server,
    }, {
      sink: this.serverSink,
      random: new SeededRandom(seed + 1_000_000),
      wallTime: (now) => EPOCH + now,
      transportParameters: () => Uint8Array.of(4, 5),
      ...options.serverContext,
    });
  }

  /** Runs until neither end has anything to say. */
  run(): this {
    this.client.start(this.now);
    for (let turn = 0; turn < 20; turn++) {
      const moved = this.#carry(this.clientSink, this.server, "client") +
        this.#carry(this.serverSink, this.client, "server");
      if (moved === 0) return this;
    }
    throw new Error("The handshake does not end");
  }

  #carry(from: Recorder, to: Tls, sender: "client" | "server"): number {
    const { chunk, tamper } = this.#options;
    const flights = from.flights.splice(0);
    for (const flight of flights) {
      const data = tamper ? tamper(flight, sender === "client") : flight.data;
      if (!data) continue;
      const size = chunk ?? data.length;
      for (let at = 0; at < data.length; at += size) {
        to.receive(flight.level, data.slice(at, at + size), this.now);
      }
    }
    return flights.length;
  }
}
