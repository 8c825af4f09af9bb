import type { MultipathConnection } from "../../mod.ts";

/** What became of a path. */
export interface PathOutcome {
  readonly id: number;
  readonly local: string;
  readonly remote: string;
  readonly bytesReceived: number;
  /** Bytes of the largest datagrams sent. */
  readonly datagramSize: number;
  /** Milliseconds since the connection began. */
  readonly openedAt: number | undefined;
  readonly closedAt: number | undefined;
  readonly closeCode: number | undefined;
}

/** Remembers the paths of a connection, those that are gone as well. */
export class PathLog {
  readonly #connection: MultipathConnection;
  readonly #start: number;
  readonly #entries = new Map<number, () => PathOutcome>();

  constructor(connection: MultipathConnection, start: number) {
    this.#connection = connection;
    this.#start = start;
    this.#look();
    const timer = setInterval(() => this.#look(), 20);
    const stop = () => clearInterval(timer);
    connection.closed.then(stop, stop);
  }

  get outcomes(): PathOutcome[] {
    this.#look();
    return [...this.#entries.values()].map((entry) => entry());
  }

  #look(): void {
    for (const path of this.#connection.paths) {
      if (this.#entries.has(path.id)) continue;
      const [local, remote] = [path.localAddr.hostname, path.remoteAddr.hostname];
      let closeCode: number | undefined;
      let closedAt: number | undefined;
      path.closed.then((info) => {
        closeCode = info.closeCode;
        closedAt = performance.now() - this.#start;
      }, () => {});
      this.#entries.set(path.id, () => {
        const { bytesReceived, maxDatagramSize: datagramSize, openedAt: at } = path.stats;
        const openedAt = at === undefined ? undefined : at - this.#start;
        const numbers = { id: path.id, bytesReceived, datagramSize };
        return { ...numbers, local, remote, openedAt, closedAt, closeCode };
      });
    }
  }
}
