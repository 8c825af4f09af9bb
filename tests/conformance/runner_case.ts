import assert from "node:assert/strict";
import type { Connection } from "../../src/connection/connection.ts";
import { DEFAULTS } from "../../src/connection/config.ts";
import type { ClientConfig } from "../../src/endpoint/options.ts";
import type { Session } from "../../src/tls/session.ts";
import type { ClientTlsOptions } from "../../src/tls/tls.ts";
import { HqApp } from "../sim/hq_app.ts";
import { intercept } from "../../src/sim/intercept.ts";
import type { LinkOptions } from "../../src/sim/link.ts";
import { Pair, type PairOptions } from "../sim/pair.ts";
import type { SimPort } from "../../src/sim/sim_port.ts";
import { WireTap } from "./wire_tap.ts";

/** 15 ms each way, 10 Mbit/s, 25 packets: the runner's network unless it says otherwise. */
export const RUNNER_LINK: LinkOptions = { rate: 10e6, delay: 15, queue: 25 * 1_500 };

/** How a case differs from the usual. */
export interface RunnerOptions extends PairOptions {
  /** The link, where it differs. */
  readonly link?: LinkOptions;
  /** Of the datagrams, how many are lost on each way; never more than three in a row. */
  readonly burstLoss?: number;
  /** Only headers are looked at. */
  readonly isShallow?: boolean;
}

/** A connection with the application at its client. */
export interface Visit {
  readonly core: Connection;
  readonly app: HqApp;
  readonly sessions: Session[];
}

/** A client and a server of HTTP/0.9 with the runner's network between them, and a capture of it. */
export class RunnerCase {
  readonly pair: Pair;
  readonly tap: WireTap;
  /** The applications of the server's connections, in order. */
  readonly served: HqApp[] = [];
  /** Datagrams lost in bursts. */
  lost = 0;
  readonly #apps = new Map<Connection, HqApp>();
  readonly #visits = new Map<Connection, Visit>();

  constructor(options: RunnerOptions = {}) {
    const { link, burstLoss, isShallow } = options;
    this.pair = new Pair({
      links: [{ ...RUNNER_LINK, ...link }],
      ...options,
      serverTls: { keyLog: (line) => this.tap.keyLog(line), ...options.serverTls },
    });
    const { world, client, server, links } = this.pair;
    this.tap = new WireTap(world.network, (address) => address.port === 443, isShallow);
    server.host.onConnection = (connection) => {
      const app = new HqApp(connection);
      this.#apps.set(connection, app);
      this.served.push(app);
    };
    server.host.onActive = (connection) => {
      this.#apps.get(connection)?.drain();
      server.endpoint.touch(connection);
    };
    client.host.onActive = (connection) => {
      this.#visits.get(connection)?.app.drain();
      client.endpoint.touch(connection);
    };
    if (burstLoss !== undefined) {
      for (const pipe of [links[0]!.upward, links[0]!.downward]) {
        const random = world.random.fork(`burst ${pipe === links[0]!.upward}`);
        let inRow = 0;
        intercept(pipe, world.network.events, () => {
          inRow = inRow < 3 && random.chance(burstLoss) ? inRow + 1 : 0;
          if (inRow === 0) return "pass";
          this.lost++;
          return "drop";
        });
      }
    }
  }

  /** Datagrams that were damaged on either way. */
  get damaged(): number {
    const { upward, downward } = this.pair.links[0]!;
    return upward.counters.corrupted + downward.counters.corrupted;
  }

  get clientPort(): SimPort {
    return this.pair.clientPorts[0]!;
  }

  /** Begins a connection. TLS is as it is by default, but for trust and compression. */
  connect(tls: Partial<ClientTlsOptions> = {}, more: Partial<ClientConfig> = {}): Visit {
    const { pair } = this;
    const sessions: Session[] = [];
    const core = pair.client.endpoint.connect(
      {
        transport: DEFAULTS,
        tls: {
          serverName: "server.test",
          alpn: ["sim"],
          verification: "insecure",
          compressions: [], // the rules are about plain Certificate messages
          keyLog: this.tap.keyLog,
          onSession: (session) => sessions.push(session),
          ...tls,
        },
        ...more,
      },
      this.clientPort,
      pair.serverPorts[0]!.publicAddress,
      pair.now,
    );
    const visit: Visit = { core, app: new HqApp(core), sessions };
    this.#visits.set(core, visit);
    return visit;
  }

  /** Runs until all files of a visit are there; the runner waits 60 s. Returns how long it took. */
  finish(visit: Visit, limit = 60_000): number {
    const { pair } = this;
    const start = pair.now;
    pair.run({ until: start + limit, when: () => visit.app.isDone });
    const { reason } = visit.core.closing;
    assert.equal(reason, undefined, `the connection ended: ${reason?.reason}`);
    assert.ok(visit.app.isDone, `files are missing after ${limit} ms`);
    return pair.now - start;
  }

  /** A connection with these files, from start to end. */
  fetch(sizes: readonly number[], tls: Partial<ClientTlsOptions> = {}): Visit {
    const visit = this.connect(tls);
    for (const size of sizes) visit.app.get(size);
    this.finish(visit);
    return visit;
  }

  /** Ends a visit and waits until its last packets are through. */
  leave(visit: Visit): void {
    visit.core.close(0, "", this.pair.now);
    this.pair.client.touch();
    this.pair.run({ until: this.pair.now + 200 });
  }
}
