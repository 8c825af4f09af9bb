import assert from "node:assert/strict";
import { DEFAULTS } from "../../src/connection/config.ts";
import type { Connection } from "../../src/connection/connection.ts";
import type { Session } from "../../src/tls/session.ts";
import type { ClientTlsOptions } from "../../src/tls/tls.ts";
import { Kind } from "../../src/stream/connection_credit.ts";
import { ORDINARY_TLS, Pair, type PairOptions } from "./pair.ts";

/** A pair whose first connection is over, and what the client kept of it. */
export interface Resumable {
  readonly pair: Pair;
  readonly sessions: readonly Session[];
}

/** Connects once, to get sessions. */
export function firstVisit(options: PairOptions = {}): Resumable {
  const pair = new Pair({ ...options, server: { earlyData: true, ...options.server } }).connect();
  pair.run({ until: pair.now + 10_000, when: () => pair.client.has("session") });
  pair.run({ until: pair.now + 500 });
  const sessions: Session[] = [];
  for (const event of pair.client.events) {
    if (event.type === "session") sessions.push(event.session);
  }
  assert.ok(sessions.length > 0);
  pair.client.connection.close(0, "", pair.now);
  pair.run({ until: pair.now + 5_000 });
  return { pair, sessions };
}

/** Both ends of a second connection. */
export interface Visit {
  readonly client: Connection;
  /** The server's end, once there is one. */
  server: Connection | undefined;
}

/** Begins a second connection, with 0-RTT data unless told otherwise. */
export function visitAgain(pair: Pair, tls: Partial<ClientTlsOptions>): Visit {
  const client = pair.client.endpoint.connect(
    {
      transport: DEFAULTS,
      tls: {
        ...ORDINARY_TLS,
        earlyData: true,
        ...tls,
      },
    },
    pair.clientPorts[0]!,
    pair.serverPorts[0]!.publicAddress,
    pair.now,
  );
  const visit: Visit = { client, server: undefined };
  pair.server.host.onConnection = (connection) => visit.server ??= connection;
  pair.client.host.onActive = drain;
  pair.server.host.onActive = drain;
  return visit;
}

function drain(connection: Connection): void {
  while (connection.nextEvent() !== undefined);
}

/** Opens a stream with both directions for each text, and sends it; returns how many could be. */
export function sendTexts(connection: Connection, texts: readonly string[]): number {
  let count = 0;
  for (const text of texts) {
    const stream = connection.streams.open(Kind.Bidirectional);
    if (stream === undefined) break;
    stream.send!.write(new TextEncoder().encode(text));
    stream.send!.finish();
    count++;
  }
  return count;
}

/** What came on the peer's streams so far, in the order of their IDs. */
export class Inbox {
  readonly texts = new Map<number, string>();
  /** Streams of which bytes came early. */
  early = 0;

  /** Reads all there is. */
  read(connection: Connection | undefined): this {
    for (const stream of connection?.streams.all() ?? []) {
      if (stream.receive === undefined) continue;
      for (let data; (data = stream.receive.read(65_536)) !== undefined;) {
        if (stream.early && !this.texts.has(stream.id)) this.early++;
        const text = this.texts.get(stream.id) ?? "";
        this.texts.set(stream.id, text + new TextDecoder().decode(data));
      }
    }
    return this;
  }

  get all(): string[] {
    return [...this.texts.entries()].sort(([a], [b]) => a - b).map(([, text]) => text);
  }
}
