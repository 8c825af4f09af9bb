// Connections that `fetch` keeps for further requests.

import type { ConnectOptions } from "../../api/options/options.ts";
import { urgencyOrder } from "../../scheduler/stream_order.ts";
import type { SavedSession } from "../../api/options/session.ts";
import { checkOptions } from "../check_options.ts";
import { H3Client } from "./client.ts";
import { clientOver } from "./client_over.ts";
import { Identities } from "./identities.ts";
import { IdleWatch } from "./idle_watch.ts";
import type { FetchConnectOptions, H3ClientOptions } from "../options.ts";
import { SessionStore } from "./session_store.ts";
import type { H3Transport } from "../transport.ts";

/** Makes a connection to a server. */
export type Connector = (options: ConnectOptions) => Promise<H3Transport>;

/** A client for a request, and whether others have used it before. */
export interface Lease {
  /** The client. */
  readonly client: H3Client;
  /** Whether its connection was there before. */
  readonly isReused: boolean;
}

/** A connection that is being made. */
interface Attempt {
  /** Requests that wait for it. */
  waiting: number;
  /** Gives it up. */
  readonly controller: AbortController;
}

/** Milliseconds that an unused connection is kept, unless the application says otherwise. */
export const IDLE_TIMEOUT = 2_000;

/** Connections kept for the next request to the same server with the same options. */
export class ConnectionPool implements AsyncDisposable {
  readonly #connect: Connector;
  readonly #clients = new Map<string, Promise<H3Client>>();
  readonly #attempts = new WeakMap<Promise<H3Client>, Attempt>();
  /** For the next connection with the same options. */
  readonly #sessions = new SessionStore();
  /** Sessions of applications that a connection was made with. */
  readonly #spent = new WeakSet<SavedSession>();
  readonly #transports = new WeakMap<H3Client, H3Transport>();
  /** Connections that are being made in the place of others. */
  readonly #replacements = new Map<H3Client, Promise<boolean>>();
  /** Numbers for options that are functions or objects: they are compared by identity. */
  readonly #identities = new Identities();

  constructor(connect: Connector) {
    this.#connect = connect;
  }

  /**
   * A client for a URL: one that is there and takes requests, or a new one.
   *
   * @param signal Ends the waiting; a connection that nothing waits for any more is not made.
   */
  async lease(url: URL, options: FetchConnectOptions, signal?: AbortSignal): Promise<Lease> {
    checkOptions(options);
    const key = this.#key(url, options);
    const known = this.#clients.get(key);
    if (known) {
      const client = await this.#wait(key, known, signal);
      if (client.isAccepting) return { client, isReused: true };
      if (this.#clients.get(key) === known) this.#clients.delete(key);
      // Another request may have noticed first and made a new connection.
      return await this.lease(url, options, signal);
    }
    const connecting = this.#start(key, url, options);
    return { client: await this.#wait(key, connecting, signal), isReused: false };
  }

  #start(key: string, url: URL, options: FetchConnectOptions): Promise<H3Client> {
    const controller = new AbortController();
    const connecting = this.#open(key, url, options, controller.signal);
    this.#clients.set(key, connecting);
    this.#attempts.set(connecting, { waiting: 0, controller });
    connecting.catch(() => this.#drop(key, connecting));
    return connecting;
  }

  async #wait(
    key: string,
    connecting: Promise<H3Client>,
    signal: AbortSignal | undefined,
  ): Promise<H3Client> {
    const attempt = this.#attempts.get(connecting);
    if (attempt === undefined) return await connecting;
    attempt.waiting++;
    const leave = () => {
      if (--attempt.waiting > 0) return;
      this.#drop(key, connecting); // further requests are not to wait for what is given up
      attempt.controller.abort(signal!.reason);
    };
    signal?.addEventListener("abort", leave, { once: true });
    try {
      return await connecting;
    } finally {
      signal?.removeEventListener("abort", leave);
    }
  }

  #drop(key: string, connecting: Promise<H3Client>): void {
    if (this.#clients.get(key) === connecting) this.#clients.delete(key);
  }

  /**
   * Opens a connection in the place of one that does not answer. The old connection stays for what
   * is under way; if the new one does not come about, for further requests as well.
   *
   * @param old The client that does not answer.
   * @returns Whether further requests have another client than the old one.
   */
  async replace(url: URL, options: FetchConnectOptions, old: H3Client): Promise<boolean> {
    const key = this.#key(url, options);
    const kept = this.#clients.get(key);
    if (kept === undefined) return true; // it was replaced already
    const client = await clientOf(kept);
    if (client !== old) return client !== undefined; // its successor may have failed
    const replacing = this.#replacements.get(old) ?? this.#replace(key, kept, url, options);
    this.#replacements.set(old, replacing);
    const isReplaced = await replacing;
    this.#replacements.delete(old);
    return isReplaced;
  }

  async #replace(
    key: string,
    kept: Promise<H3Client>,
    url: URL,
    options: FetchConnectOptions,
  ): Promise<boolean> {
    try {
      const client = await this.#open(key, url, options);
      this.#clients.set(key, Promise.resolve(client));
      return true;
    } catch {
      // Nothing answers there now: the old connection may live on when something does.
      if (!this.#clients.has(key)) this.#clients.set(key, kept);
      return false;
    }
  }

  /** The transport of a client of this pool. */
  transportOf(client: H3Client): H3Transport | undefined {
    return this.#transports.get(client);
  }

  /**
   * The client of a connection that the application made.
   *
   * @param options Those of the first request count.
   * @throws {TypeError} If the connection is in use already.
   */
  over(transport: H3Transport, options: H3ClientOptions): H3Client {
    return clientOver(transport, options);
  }

  /** Closes the connections once their requests are done. */
  async [Symbol.asyncDispose](): Promise<void> {
    const clients = [...this.#clients.values()];
    this.#clients.clear();
    for (const client of await Promise.allSettled(clients)) {
      if (client.status === "fulfilled") await client.value.close();
    }
  }

  async #open(
    key: string,
    url: URL,
    options: FetchConnectOptions,
    signal?: AbortSignal,
  ): Promise<H3Client> {
    const { idleTimeout = IDLE_TIMEOUT, streamOrder = urgencyOrder, ...connectOptions } = options;
    const session = this.#unspent(options.session) ?? this.#sessions.take(key);
    const onSession = (session: SavedSession) => {
      this.#sessions.add(key, session);
      options.onSession?.(session);
    };
    // RFC 9114, Section 3.1: the certificate must be good for this name. RFC 9114, Section 3.2: it
    // is told as the server's name in the handshake.
    const hostname = url.hostname.replace(/^\[|\]$/g, "");
    const port = Number(url.port || 443);
    const transport = await this.#connect({
      ...connectOptions,
      streamOrder,
      session,
      onSession,
      hostname,
      port,
      alpnProtocols: ["h3"],
      ...(signal && { signal }),
    });
    const client = new H3Client(transport, options);
    this.#transports.set(client, transport);
    const forget = () => this.#forget(key, client);
    client.closed.then(forget);
    new IdleWatch(client, transport, idleTimeout, forget);
    return client;
  }

  /** Each session is good for one connection, and is shown only to the server that gave it. */
  #unspent(session: SavedSession | undefined): SavedSession | undefined {
    if (session === undefined || this.#spent.has(session)) return undefined;
    this.#spent.add(session);
    return session;
  }

  async #forget(key: string, client: H3Client): Promise<void> {
    const kept = this.#clients.get(key);
    if (kept !== undefined && await clientOf(kept) === client) this.#drop(key, kept);
  }

  /**
   * RFC 9114, Section 3.3: a connection is used only for the origin whose certificate was checked.
   */
  #key(url: URL, options: FetchConnectOptions): string {
    const { paths, ...others } = options;
    const parts = Object.entries(others).filter(([, value]) => value !== undefined).sort();
    // Paths are told apart by what they say, as they are mostly written out for each request.
    return `${url.host} ${JSON.stringify(paths ?? [])} ${this.#identities.keyOf(parts)}`;
  }
}

/**
 * The client that is kept, once it is there. A connection that is not made is told to those that
 * asked for it, and to nothing else.
 */
async function clientOf(kept: Promise<H3Client>): Promise<H3Client | undefined> {
  try {
    return await kept;
  } catch {
    return undefined;
  }
}
